"""The same apps without a framework, and for Litestar."""

from __future__ import annotations

from typing import cast

from litestar import Litestar, get, websocket
from litestar.types import ASGIApp as LitestarApp
from starlette.types import ASGIApp, Receive, Scope, Send

from gatecast.identity.ids import TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters import asgi, litestar_asgi
from gatecast_adapters.asgi import AsgiRequest, AsgiSseTransport, AsgiWebsocketTransport
from gatecast_adapters.litestar_asgi import (
    AnyRequest,
    AnyWebSocket,
    LitestarSseTransport,
    LitestarWebsocketTransport,
    SseIdentity,
)
from tests.support.people import identity_of

__all__ = [
    "as_app",
    "identify_plain",
    "identify_socket",
    "litestar_stream_app",
    "litestar_websocket_app",
    "plain_stream_app",
    "plain_websocket_app",
]


async def identify_plain(request: AsgiRequest) -> ConnectionIdentity | None:
    """Whoever the query names."""
    return identity_of(request.query.get("as", ""))


async def identify_socket(socket: AnyWebSocket) -> ConnectionIdentity | None:
    """Whoever the query names."""
    return identity_of(socket.query_params.get("as", ""))


async def identify_request(request: AnyRequest) -> SseIdentity | None:
    """As `identify_socket`, for a stream."""
    name = request.query_params.get("as", "")
    who = identity_of(name)
    return None if who is None else SseIdentity(who.account_id, TokenHash(name))


def as_app(app: Litestar) -> ASGIApp:
    """The same app; Litestar has types of its own for what every ASGI app takes."""
    return cast(ASGIApp, app)


def plain_websocket_app(
    transport: AsgiWebsocketTransport[ConnectionIdentity],
    *,
    identify: asgi.Identify[ConnectionIdentity] = identify_plain,
) -> ASGIApp:
    """An app that serves `transport` on every path."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await transport.serve(scope, receive, send, identify=identify)

    return app


def plain_stream_app(
    transport: AsgiSseTransport[ConnectionIdentity],
    *,
    identify: asgi.Identify[ConnectionIdentity] = identify_plain,
) -> ASGIApp:
    """An app that serves `transport` on every path."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await transport.serve(scope, receive, send, identify=identify)

    return app


def litestar_websocket_app(
    transport: LitestarWebsocketTransport[ConnectionIdentity],
    *,
    identify: litestar_asgi.Identify[ConnectionIdentity] = identify_socket,
    on_message: litestar_asgi.OnMessage[ConnectionIdentity] | None = None,
) -> ASGIApp:
    """One endpoint, `/`, that serves `transport`."""

    @websocket("/")
    async def endpoint(socket: AnyWebSocket) -> None:
        await transport.serve(socket, identify=identify, on_message=on_message)

    return as_app(Litestar([endpoint], logging_config=None))


def litestar_stream_app(
    transport: LitestarSseTransport[SseIdentity],
    *,
    identify: litestar_asgi.IdentifyStream[SseIdentity] = identify_request,
) -> ASGIApp:
    """One endpoint, `/`, that serves `transport`."""

    @get("/")
    async def endpoint(request: AnyRequest) -> LitestarApp:
        return transport.serve(request, identify=identify)

    return as_app(Litestar([endpoint], logging_config=None))
