"""Sockets and streams of an app without a framework keep every promise behind uvicorn."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.asgi import AsgiRequest, AsgiSseTransport, AsgiWebsocketTransport
from gatecast_contracts import ConnectionIdentityContract, LiveAdapter, ServeOptions
from tests.support import stream_far_end, websocket_far_end
from tests.support.asgi_apps import plain_stream_app, plain_websocket_app
from tests.support.uvicorn_server import serving


class TestPlainWebsocket(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[ConnectionIdentity]
    ) -> AsyncGenerator[LiveAdapter[ConnectionIdentity]]:
        async def identify(request: AsgiRequest) -> ConnectionIdentity | None:
            return await options.identify(request.query["as"])

        transport = AsgiWebsocketTransport(
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
        )
        async with (
            serving(plain_websocket_app(transport, identify=identify)) as server,
            websocket_far_end.connecting(server.port) as connect,
        ):
            yield LiveAdapter(transport, connect)


class TestPlainSse(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[ConnectionIdentity]
    ) -> AsyncGenerator[LiveAdapter[ConnectionIdentity]]:
        async def identify(request: AsgiRequest) -> ConnectionIdentity | None:
            return await options.identify(request.query["as"])

        transport = AsgiSseTransport[ConnectionIdentity](
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
        )
        async with (
            serving(plain_stream_app(transport, identify=identify)) as server,
            stream_far_end.connecting(server.port) as connect,
        ):
            yield LiveAdapter(transport, connect)
