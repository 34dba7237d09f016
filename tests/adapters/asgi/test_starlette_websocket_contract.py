"""WebSockets of Starlette behind uvicorn keep every promise, in place and by the writer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from starlette.websockets import WebSocket

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_contracts import ConnectionIdentityContract, LiveAdapter, ServeOptions
from tests.support.apps import websocket_app
from tests.support.uvicorn_server import serving
from tests.support.websocket_far_end import connecting


class StarletteWebsocketContract(ConnectionIdentityContract, abstract=True):
    ws: ClassVar[str]
    in_place: ClassVar[bool] = True

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
            in_place=self.in_place,
        )
        async with (
            serving(websocket_app(transport, identify=identify), ws=self.ws) as server,
            connecting(server.port) as connect,
        ):
            yield LiveAdapter(transport, connect)


class TestSansio(StarletteWebsocketContract):
    ws = "websockets-sansio"


@pytest.mark.all
class TestSansioByWriter(StarletteWebsocketContract):
    ws = "websockets-sansio"
    in_place = False


@pytest.mark.all
class TestWsproto(StarletteWebsocketContract):
    ws = "wsproto"


@pytest.mark.all
class TestWsprotoByWriter(StarletteWebsocketContract):
    ws = "wsproto"
    in_place = False
