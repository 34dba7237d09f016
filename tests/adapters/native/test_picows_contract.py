"""The picows server's adapter keeps every promise."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gatecast.identity.types import ConnectionIdentity
from gatecast_contracts import ConnectionIdentityContract, LiveAdapter, ServeOptions
from tests.support.native_servers import serving_picows
from tests.support.websocket_far_end import connecting


class TestPicowsServer(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[ConnectionIdentity]
    ) -> AsyncGenerator[LiveAdapter[ConnectionIdentity]]:
        async with (
            serving_picows(
                identify=options.identify,
                limits=options.limits,
                close_timeout=options.close_timeout,
                on_drop=options.on_drop,
                observer=options.observer,
            ) as server,
            connecting(server.port) as connect,
        ):
            yield LiveAdapter(server.transport, connect)
