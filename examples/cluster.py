"""An app of several processes: what one of them sends or revokes reaches the clients of all.

`uvicorn examples.cluster:app --workers 2` serves it; REDIS_URL says where Redis is.
"""

# --8<-- [start:cluster]
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from fastapi import Cookie, FastAPI, HTTPException, Response, WebSocket
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from gatecast import (
    AccountId,
    Cluster,
    ConnectionIdentity,
    JsonrpcMessageFromServerToClient,
    Policies,
    TokenHash,
    notification,
)
from gatecast.errors import RelayUnavailableError, RevocationNotDurableError
from gatecast_adapters.cluster_lifespan import running
from gatecast_adapters.redis_streams import RedisStreamsRelay
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

# With retries: a connection that a restart of Redis has cut fails at its first use.
redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # redis-py types no option of it
    os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"),
    retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
)
policies: Policies[ConnectionIdentity] = Policies()
sockets = BackendWebsocketTransport()
cluster = Cluster(RedisStreamsRelay(redis), sockets, policies=policies)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Follow the log for as long as the app runs."""
    async with redis, running(cluster):
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health(response: Response) -> dict[str, object]:
    """Report to a load balancer, by status, whether this process admits connections."""
    node = cluster.health()
    response.status_code = 200 if node.is_healthy else 503
    return {
        "node": cluster.node_id,
        "state": node.state,
        "age": node.age,
        "connections": sockets.get_connection_count(),
    }


# --8<-- [end:cluster]


# --8<-- [start:policy]
@policies.register("one-of")
def one_of(
    identity: ConnectionIdentity, _: JsonrpcMessageFromServerToClient, accounts: list[str]
) -> bool:
    """Whether the connection belongs to one of these accounts; a UUID travels as a string."""
    return str(identity.account_id) in accounts


@app.post("/announce", status_code=202)
async def announce(text: str, readers: list[UUID]) -> None:
    """Send to some accounts, on every process."""
    try:
        await cluster.broadcast_filtered(
            notification("announced", {"text": text}), one_of([str(each) for each in readers])
        )
    except RelayUnavailableError as error:
        raise HTTPException(503, "unknown whether it was sent") from error


# --8<-- [end:policy]

SessionCookie = Annotated[str, Cookie(alias="session")]


def hash_of(token: str) -> TokenHash:
    """What the server stores of a session: nobody can connect with the hash."""
    return TokenHash(sha256(token.encode()).hexdigest())


def key_of(token_hash: TokenHash) -> str:
    """The key in Redis under which all processes find a session."""
    return f"session:{token_hash}"


@app.post("/login/{name}")
async def login(name: str, response: Response) -> UUID:
    """Start a session. A real app asks for a password here, and sets the cookie `secure`."""
    token, account_id = token_urlsafe(), uuid5(NAMESPACE_URL, name)
    await redis.set(key_of(hash_of(token)), str(account_id), ex=86_400)
    response.set_cookie("session", token, httponly=True, samesite="lax")
    return account_id


# --8<-- [start:logout]
@app.post("/logout", status_code=204)
async def logout(response: Response, token: SessionCookie = "") -> None:
    """End this session: first in the store that all processes share, then on every process."""
    token_hash = hash_of(token)
    try:
        await redis.delete(key_of(token_hash))
        await cluster.close_sockets_for_session(token_hash)
    except (RedisError, RevocationNotDurableError) as error:
        # The cookie stays, so that the client can try again.
        raise HTTPException(503, "not confirmed; try again", {"Retry-After": "1"}) from error
    response.delete_cookie("session")


# --8<-- [end:logout]


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket. A browser sends the cookie along; pages of other origins are refused."""
    await sockets.serve(websocket, identify=identify)


async def identify(websocket: WebSocket) -> ConnectionIdentity | None:
    """Say whose session the cookie names; `None` refuses the handshake with 401."""
    token_hash = hash_of(websocket.cookies.get("session", ""))
    account_id = await redis.get(key_of(token_hash))
    if not isinstance(account_id, bytes):
        return None
    return ConnectionIdentity(AccountId(UUID(account_id.decode())), token_hash)
