"""One node of a cluster: the app that the cluster tests run as a process, with uvicorn.

It does nothing by itself. Whoever drives the test has it publish and revoke.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gatecast.cluster.cluster import Cluster
from gatecast.cluster.policies import Policies
from gatecast.errors import RelayUnavailableError, RevocationNotDurableError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient, notification
from gatecast_adapters.cluster_lifespan import running
from gatecast_adapters.redis_streams import RedisStreamsRelay
from gatecast_adapters.starlette_sse import BackendSseTransport, SseStream
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.cluster_control import (
    SETTINGS,
    STREAM,
    HealthReply,
    News,
    NodeSettings,
    RevokeCommand,
    account_id,
    credential_of,
    tier_of,
    token_hash,
)

__all__ = ["app"]

settings: Final = NodeSettings.model_validate_json(os.environ[SETTINGS])
# Quick retries, so that what a cut has left in doubt is written once more within the timeout.
client: Final = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # redis-py types no option of it
    settings.redis_url, retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 3)
)
relay: Final = RedisStreamsRelay(client, stream=STREAM, timeout=settings.relay_timeout)
sockets: Final = BackendWebsocketTransport[ConnectionIdentity](close_timeout=settings.close_timeout)
streams: Final = BackendSseTransport[ConnectionIdentity](close_timeout=settings.close_timeout)
policies: Final = Policies[ConnectionIdentity]()
numbers: Final = count()


@policies.register("tier")
def of_tier(
    identity: ConnectionIdentity, message: JsonrpcMessageFromServerToClient, *, tier: int
) -> bool:
    return tier_of(identity.account_id.int) == tier


cluster: Final = Cluster(relay, sockets, streams, lease=settings.lease, policies=policies)


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    query = connection.query_params
    account, session = int(query["account"]), int(query["session"])
    credentials = (credential_of(account, None), credential_of(account, session))
    if any((settings.revoked / each).exists() for each in credentials):
        return None
    # A revocation may land here (CLU-7).
    await asyncio.sleep(float(query["hesitation"]))
    return ConnectionIdentity(account_id(account), token_hash(account, session))


async def socket(websocket: WebSocket) -> None:
    await sockets.serve(websocket, identify=identify)


async def stream(request: Request) -> SseStream[ConnectionIdentity]:
    return streams.serve(request, identify=identify)


async def broadcast(request: Request) -> Response:
    told = News.model_validate_json(await request.body())
    news = told.model_copy(update={"publisher": cluster.node_id, "number": next(numbers)})
    try:
        await publish(news)
    except RelayUnavailableError:
        return Response(status_code=503)
    return Response(status_code=204)


async def publish(news: News) -> None:
    message = notification("news", news.model_dump())
    if news.account is not None:
        await cluster.send_to_account(account_id(news.account), message)
    elif news.tier is not None:
        await cluster.broadcast_filtered(message, of_tier(tier=news.tier))
    else:
        await cluster.broadcast(message)


async def revoke(request: Request) -> Response:
    command = RevokeCommand.model_validate_json(await request.body())
    try:
        if command.session is None:
            await cluster.close_sockets_for_account(account_id(command.account))
        else:
            await cluster.close_sockets_for_session(token_hash(command.account, command.session))
    except RevocationNotDurableError:
        return Response(status_code=503)
    return Response(status_code=204)


async def health(request: Request) -> Response:
    reply = HealthReply(state=cluster.health().state)
    return Response(reply.model_dump_json(), media_type="application/json")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    async with client, running(cluster):
        yield


app: Final = Starlette(
    routes=[
        WebSocketRoute("/socket", socket),
        Route("/stream", stream),
        Route("/broadcast", broadcast, methods=["POST"]),
        Route("/revoke", revoke, methods=["POST"]),
        Route("/health", health),
    ],
    lifespan=lifespan,
)
