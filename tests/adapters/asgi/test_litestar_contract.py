"""Sockets and streams of Litestar behind uvicorn keep every promise."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.litestar_asgi import (
    AnyRequest,
    AnyWebSocket,
    LitestarSseTransport,
    LitestarWebsocketTransport,
    SseIdentity,
)
from gatecast_contracts import (
    Capabilities,
    Capability,
    ConnectionIdentityContract,
    LiveAdapter,
    ServeOptions,
    TransportContract,
)
from tests.support import stream_far_end, websocket_far_end
from tests.support.asgi_apps import litestar_stream_app, litestar_websocket_app
from tests.support.uvicorn_server import serving


class TestLitestarWebsocket(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[ConnectionIdentity]
    ) -> AsyncGenerator[LiveAdapter[ConnectionIdentity]]:
        async def identify(socket: AnyWebSocket) -> ConnectionIdentity | None:
            return await options.identify(socket.query_params["as"])

        transport = LitestarWebsocketTransport(
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
        )
        async with (
            serving(litestar_websocket_app(transport, identify=identify)) as server,
            websocket_far_end.connecting(server.port) as connect,
        ):
            yield LiveAdapter(transport, connect)


class TestLitestarSse(TransportContract[SseIdentity]):
    capabilities = Capabilities(
        declined={Capability.SESSIONLESS: "a stream is always opened under a session"}
    )

    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[SseIdentity]
    ) -> AsyncGenerator[LiveAdapter[SseIdentity]]:
        async def identify(request: AnyRequest) -> SseIdentity | None:
            return await options.identify(request.query_params["as"])

        transport = LitestarSseTransport(
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
        )
        async with (
            serving(litestar_stream_app(transport, identify=identify)) as server,
            stream_far_end.connecting(server.port) as connect,
        ):
            yield LiveAdapter(transport, connect)

    def make_identity(self, who: ConnectionIdentity) -> SseIdentity:
        assert who.token_hash is not None, "a stream is always opened under a session"
        return SseIdentity(who.account_id, who.token_hash, expires_at=who.expires_at)
