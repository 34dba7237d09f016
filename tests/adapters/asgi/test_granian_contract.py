"""The promises that Starlette's adapters keep on granian."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request
from starlette.websockets import WebSocket

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_contracts import (
    Capabilities,
    Capability,
    ConnectionIdentityContract,
    LiveAdapter,
    ServeOptions,
    TransportContract,
)
from tests.support import stream_far_end, websocket_far_end
from tests.support.apps import stream_app, websocket_app
from tests.support.granian_server import serving

pytestmark = pytest.mark.all


class TestWebsocket(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[ConnectionIdentity]
    ) -> AsyncGenerator[LiveAdapter[ConnectionIdentity]]:
        async def identify(websocket: WebSocket) -> ConnectionIdentity | None:
            return await options.identify(websocket.query_params["as"])

        transport = BackendWebsocketTransport(
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
        )
        async with (
            serving(websocket_app(transport, identify=identify)) as port,
            websocket_far_end.connecting(port) as connect,
        ):
            yield LiveAdapter(transport, connect)


class TestSse(TransportContract[SseIdentity]):
    capabilities = Capabilities(
        declined={Capability.SESSIONLESS: "a stream is always opened under a session"}
    )

    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[SseIdentity]
    ) -> AsyncGenerator[LiveAdapter[SseIdentity]]:
        async def identify(request: Request) -> SseIdentity | None:
            return await options.identify(request.query_params["as"])

        transport = BackendSseTransport(
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
        )
        async with (
            serving(stream_app(transport, identify=identify)) as port,
            stream_far_end.connecting(port) as connect,
        ):
            yield LiveAdapter(transport, connect)

    def make_identity(self, who: ConnectionIdentity) -> SseIdentity:
        assert who.token_hash is not None, "a stream is always opened under a session"
        return SseIdentity(who.account_id, who.token_hash, expires_at=who.expires_at)
