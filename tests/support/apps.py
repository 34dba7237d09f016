"""Apps as users write them, with one transport in each."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters import starlette_sse, starlette_websocket
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity, SseStream
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support import people

__all__ = ["stream_app", "websocket_app"]


def websocket_app(
    transport: BackendWebsocketTransport[ConnectionIdentity],
    *,
    identify: starlette_websocket.Identify[ConnectionIdentity] = people.identify,
    on_message: starlette_websocket.OnMessage[ConnectionIdentity] | None = None,
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """One endpoint, `/`, that serves `transport`."""

    async def endpoint(websocket: WebSocket) -> None:
        await transport.serve(websocket, identify=identify, on_message=on_message)

    return Starlette(routes=[WebSocketRoute("/", endpoint)], middleware=middleware)


def stream_app(
    transport: BackendSseTransport[SseIdentity],
    *,
    identify: starlette_sse.Identify[SseIdentity] = people.identify_stream,
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """One endpoint, `/`, that serves `transport`."""

    async def endpoint(request: Request) -> SseStream[SseIdentity]:
        return transport.serve(request, identify=identify)

    return Starlette(routes=[Route("/", endpoint)], middleware=middleware)
