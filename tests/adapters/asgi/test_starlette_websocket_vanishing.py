"""WebSockets of Starlette behind uvicorn: clients that vanish before they are let in."""

from __future__ import annotations

import anyio
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import websocket_app
from tests.support.people import identify
from tests.support.raw_peer import RawWebsocket
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def test_a_client_that_vanishes_while_it_is_identified_leaves_nothing(
    ws: str, in_place: bool
) -> None:
    asked, gone = anyio.Event(), anyio.Event()

    async def wait_and_identify(websocket: WebSocket) -> ConnectionIdentity | None:
        asked.set()
        await gone.wait()
        return await identify(websocket)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport, identify=wait_and_identify), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await asked.wait()
            peer.vanish()
        await server.has_no_connection()
        gone.set()
        await server.is_idle()
        assert not transport.is_ready()


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_client_that_vanishes_before_the_answer_leaves_nothing(
    ws: str, in_place: bool, name: str
) -> None:
    async def identify_as_it_vanishes(websocket: WebSocket) -> ConnectionIdentity | None:
        peer.vanish()
        return await identify(websocket)

    transport = BackendWebsocketTransport(in_place=in_place)
    app = websocket_app(transport, identify=identify_as_it_vanishes)
    async with serving(app, ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask(f"/?as={name}")
            await until(lambda: peer.gone, "the peer to be identified")
        await server.is_idle()
        assert not transport.is_ready()


class Accepting:
    """Lets the client vanish at the moment at which it is accepted."""

    def __init__(self, app: ASGIApp, reached: anyio.Event, gone: anyio.Event) -> None:
        self.app = app
        self.reached = reached
        self.gone = gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def slow_send(message: Message) -> None:
            if message["type"] == "websocket.accept":
                self.reached.set()
                await self.gone.wait()
            await send(message)

        await self.app(scope, receive, slow_send)


async def test_a_client_that_vanishes_while_it_is_accepted_leaves_nothing(
    ws: str, in_place: bool
) -> None:
    reached, gone = anyio.Event(), anyio.Event()
    transport = BackendWebsocketTransport(in_place=in_place)
    app = websocket_app(transport, middleware=[Middleware(Accepting, reached, gone)])
    async with serving(app, ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await reached.wait()
            peer.vanish()
        await server.has_no_connection()
        gone.set()
        await server.is_idle()
        assert not transport.is_ready()


async def test_an_app_is_not_told_of_a_client_that_vanished(ws: str) -> None:
    returned: list[str] = []
    asked, gone = anyio.Event(), anyio.Event()
    transport = BackendWebsocketTransport()

    async def wait_and_identify(websocket: WebSocket) -> ConnectionIdentity | None:
        asked.set()
        await gone.wait()
        return await identify(websocket)

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        await transport.serve(WebSocket(scope, receive, send), identify=wait_and_identify)
        returned.append("without an error")

    async with serving(endpoint, ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await asked.wait()
            peer.vanish()
        await server.has_no_connection()
        gone.set()
        await server.is_idle()
    assert returned == ["without an error"]
