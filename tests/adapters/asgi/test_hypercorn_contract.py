"""The promises that Starlette's adapters keep on hypercorn, with asyncio and with trio."""

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
from tests.support import stream_far_end, trio_websocket_far_end, websocket_far_end
from tests.support.apps import stream_app, websocket_app
from tests.support.hypercorn_server import serving

pytestmark = pytest.mark.all

WAITS_FOR_PEER = "hypercorn's own task waits until a peer has read what was sent before"
ALWAYS_A_SESSION = "a stream is always opened under a session"


class HypercornWebsocketContract(ConnectionIdentityContract, abstract=True):
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
        connecting = (
            trio_websocket_far_end.connecting
            if self.backend == "trio"
            else websocket_far_end.connecting
        )
        async with (
            serving(websocket_app(transport, identify=identify)) as port,
            connecting(port) as connect,
        ):
            yield LiveAdapter(transport, connect)


class TestWebsocketOnAsyncio(HypercornWebsocketContract):
    capabilities = Capabilities(declined={Capability.GIVING_UP: WAITS_FOR_PEER})


class TestWebsocketOnTrio(HypercornWebsocketContract):
    backend = "trio"
    capabilities = Capabilities(declined={Capability.GIVING_UP: WAITS_FOR_PEER})


class HypercornSseContract(TransportContract[SseIdentity], abstract=True):
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
        assert who.token_hash is not None, ALWAYS_A_SESSION
        return SseIdentity(who.account_id, who.token_hash, expires_at=who.expires_at)


class TestSseOnAsyncio(HypercornSseContract):
    capabilities = Capabilities(
        declined={
            Capability.SESSIONLESS: ALWAYS_A_SESSION,
            Capability.GIVING_UP: WAITS_FOR_PEER,
        }
    )


class TestSseOnTrio(HypercornSseContract):
    backend = "trio"
    capabilities = Capabilities(declined={Capability.SESSIONLESS: ALWAYS_A_SESSION})
