"""Logout with signed tokens (JWT), which expire, and are refreshed over the open socket.

A login has an id of its own (`sid`) and a short-lived access token (`jti`, `exp`). A refresh makes
the next token of the same login. `uvicorn examples.fastapi_logout_jwt:app` serves it.
"""

# --8<-- [start:tokens]
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from secrets import token_bytes, token_urlsafe
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from starlette.websockets import WebSocket

from gatecast import (
    AccountId,
    ApiTokenId,
    ConnectionIdentity,
    JsonrpcErrorResponse,
    JsonrpcRequest,
    JsonrpcResponse,
    TokenHash,
    error_response,
    response,
)
from gatecast.errors import AdmissionError
from gatecast.messages import INVALID_PARAMS, METHOD_NOT_FOUND
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming

LIFETIME = 600.0
KEY = token_bytes(32)
HEADER = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")


class Claims(BaseModel):
    """The claims of a token: account, login, token, and when it expires."""

    sub: UUID
    sid: str
    jti: str
    exp: float


def encode(claims: Claims) -> str:
    """Sign a token (RFC 7519, HS256). A real app uses its JWT library here and in `decode`."""
    signed = HEADER + b"." + urlsafe_b64encode(claims.model_dump_json().encode()).rstrip(b"=")
    return (signed + b"." + signature_of(signed)).decode()


def decode(token: str) -> Claims | None:
    """The claims of a token; `None` if its signature is not ours, or it has expired."""
    signed, _, signature = token.encode().rpartition(b".")
    if not hmac.compare_digest(signature, signature_of(signed)):
        return None
    claims = Claims.model_validate_json(urlsafe_b64decode(signed.rpartition(b".")[2] + b"=="))
    return claims if claims.exp > time.time() else None


def signature_of(signed: bytes) -> bytes:
    """The third part of a token; the algorithm is fixed, and the token's header is ignored."""
    return urlsafe_b64encode(hmac.digest(KEY, signed, "sha256")).rstrip(b"=")


# --8<-- [end:tokens]

# --8<-- [start:identity]
app = FastAPI()
transport = BackendWebsocketTransport()
accounts = {"ada": AccountId(uuid4()), "grace": AccountId(uuid4())}
revoked: set[str] = set()
"""Each revoked `sid` and `jti`. A real app stores them in its database."""


async def identify(websocket: WebSocket) -> ConnectionIdentity | None:
    """Who requests a connection; `None` refuses the handshake with 401."""
    return await identity_of(bearer(websocket.headers.get("authorization", "")))


async def identity_of(token: str) -> ConnectionIdentity | None:
    """The identity of a valid token; `None` for any other."""
    claims = decode(token)
    if claims is None or {claims.sid, claims.jti} & revoked:
        return None
    return ConnectionIdentity(
        account_id=AccountId(claims.sub),
        token_hash=TokenHash(claims.sid),
        api_token_id=ApiTokenId(claims.jti),
        expires_at=claims.exp,
    )


def bearer(authorization: str) -> str:
    """The token in an `Authorization` header."""
    return authorization.removeprefix("Bearer ")


# --8<-- [end:identity]


def issue(account_id: UUID, sid: str) -> dict[str, str]:
    """The next token of a login."""
    exp = time.time() + LIFETIME
    return {"token": encode(Claims(sub=account_id, sid=sid, jti=token_urlsafe(), exp=exp))}


async def current(authorization: Annotated[str, Header()] = "") -> ConnectionIdentity:
    """Who calls an endpoint."""
    identity = await identity_of(bearer(authorization))
    if identity is None:
        raise HTTPException(401, "not authenticated")
    return identity


Current = Annotated[ConnectionIdentity, Depends(current)]


@app.post("/login/{name}")
async def login(name: str) -> dict[str, str]:
    """Begin a login. A real app asks for a password here."""
    if name not in accounts:
        raise HTTPException(404, "no such account")
    return issue(accounts[name], sid=token_urlsafe())


# --8<-- [start:refresh]
@app.post("/refresh")
async def refresh(caller: Current) -> dict[str, str]:
    """The next token of this login. It closes nothing: the old one lives until it expires."""
    return issue(caller.account_id, sid=caller.token_hash or "")


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket; its client sends `token.refresh` before its token expires."""
    await transport.serve(websocket, identify=identify, on_message=on_message)


async def on_message(
    incoming: Incoming[ConnectionIdentity],
) -> JsonrpcResponse | JsonrpcErrorResponse | None:
    """Answer `token.refresh`, the only request of this app."""
    message = incoming.message
    if isinstance(message, JsonrpcErrorResponse):
        return message
    if not isinstance(message, JsonrpcRequest):
        return None
    if message.method != "token.refresh":
        return error_response(message.id, METHOD_NOT_FOUND, "no such method")
    token = (message.params or {}).get("token")
    if isinstance(token, str) and await rotated(incoming, token):
        return response(message.id)
    return error_response(message.id, INVALID_PARAMS, "not a valid token of this login")


async def rotated(incoming: Incoming[ConnectionIdentity], token: str) -> bool:
    """Replace the token that the socket was opened with by `token`."""
    with transport.admit() as admission:
        identity = await identity_of(token)
        if identity is None or identity.token_hash != incoming.identity.token_hash:
            return False
        try:
            return transport.rotate_identity(incoming.connection_id, identity, admission=admission)
        except AdmissionError:
            return False


# --8<-- [end:refresh]


# --8<-- [start:logout]
@app.post("/logout", status_code=204)
async def logout(caller: Current, background: BackgroundTasks) -> None:
    """End this login, with every socket that any of its tokens has opened or refreshed."""
    token_hash = caller.token_hash or TokenHash("")
    revoked.add(token_hash)  # A real app commits here, before anything is closed.
    background.add_task(close_login, token_hash)


async def close_login(token_hash: TokenHash) -> None:
    """Close the sockets of a login. Async: Starlette runs plain functions in a thread."""
    transport.close_sockets_for_session(token_hash)


@app.post("/tokens/{jti}/revoke")
async def revoke_token(jti: str, _caller: Current) -> int:
    """End one stolen token and no other. A real app checks a role here."""
    revoked.add(jti)
    return transport.close_sockets_for_token(ApiTokenId(jti))


# --8<-- [end:logout]
