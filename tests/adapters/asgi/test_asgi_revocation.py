"""A revocation overtakes what waits for a peer, even if the peer reads on in that very turn."""

from __future__ import annotations

import re

import anyio
import pytest
from anyio.lowlevel import checkpoint
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import RawStream, RawWebsocket
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

REVOKED = Close(4001, "Session revoked")


class Gate:
    """What is handed to the server, which takes nothing more while the gate is shut."""

    def __init__(self) -> None:
        self.handed_over: list[str] = []
        self.opened = anyio.Event()
        self.opened.set()

    def shut(self) -> None:
        self.opened = anyio.Event()

    def middleware(self) -> Middleware:
        return Middleware(GateMiddleware, gate=self)


class GateMiddleware:
    """A server behind a gate; it is none that the adapter knows."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_through_gate(message: Message) -> None:
            self.gate.handed_over.append(_content(message))
            await self.gate.opened.wait()
            await send(message)

        await self.app(scope, receive, send_through_gate)


@pytest.mark.parametrize("reads_on", ["before", "after"])
async def test_queued_messages_are_never_handed_to_the_server_of_a_websocket(
    ws: str, reads_on: str
) -> None:
    gate, transport = Gate(), BackendWebsocketTransport()
    app = websocket_app(transport, middleware=[gate.middleware()])
    async with serving(app, ws=ws) as server, WebsocketClient.to(server, "alice") as alice:
        gate.shut()
        gate.handed_over.clear()
        for number in range(3):
            transport.broadcast(note(number))
        await until(lambda: gate.handed_over, "the first message to be handed over")
        if reads_on == "before":
            gate.opened.set()
        transport.close_sockets_for_session(ALICE_SESSION)
        gate.opened.set()
        if reads_on == "before":
            assert await alice.number() == 0
        assert await alice.closed() == REVOKED
        assert gate.handed_over == ["note 0", "close"]


@pytest.mark.parametrize("reads_on", ["before", "after"])
async def test_queued_messages_are_never_handed_to_the_server_of_a_stream(
    http: str, reads_on: str
) -> None:
    gate, transport = Gate(), BackendSseTransport()
    app = stream_app(transport, middleware=[gate.middleware()])
    async with serving(app, http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            gate.shut()
            gate.handed_over.clear()
            transport.broadcast(note(0))
            await until(lambda: gate.handed_over, "the first message to be handed over")
            transport.broadcast(note(1))
            transport.broadcast(note(2))
            if reads_on == "before":
                gate.opened.set()
            transport.close_sockets_for_session(ALICE_SESSION)
            gate.opened.set()
            await alice.event()
        await server.is_idle()
        assert gate.handed_over == ["note 0", "close"]


@pytest.mark.parametrize("reads_on", ["before", "after"])
async def test_a_websocket_that_reads_on_in_the_turn_of_its_revocation_gets_only_the_close(
    ws: str, reads_on: str
) -> None:
    transport = BackendWebsocketTransport()
    async with serving(websocket_app(transport), ws=ws) as server:
        async with WebsocketClient.to(server, "alice") as alice:
            server.pause_writing()
            for number in range(3):
                assert transport.broadcast(note(number)) == 1
            await checkpoint()
            if reads_on == "before":
                server.resume_writing()
            transport.close_sockets_for_session(ALICE_SESSION)
            server.resume_writing()
            assert await alice.closed() == REVOKED
        await server.is_idle()


@pytest.mark.parametrize("reads_on", ["before", "after"])
async def test_a_stream_that_reads_on_in_the_turn_of_its_revocation_gets_only_the_close(
    http: str, reads_on: str
) -> None:
    transport = BackendSseTransport()
    async with serving(stream_app(transport), http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            server.pause_writing()
            for number in range(3):
                assert transport.broadcast(note(number)) == 1
            await checkpoint()
            if reads_on == "before":
                server.resume_writing()
            transport.close_sockets_for_session(ALICE_SESSION)
            server.resume_writing()
            assert await alice.closed() == REVOKED
        await server.is_idle()


async def test_a_websocket_that_reads_on_gets_everything_in_order(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        for start in range(0, 30, 3):
            server.pause_writing()
            transport.broadcast(note(start))
            await checkpoint()
            transport.broadcast(note(start + 1))
            server.resume_writing()
            transport.broadcast(note(start + 2))
            await checkpoint()
        assert [await alice.number() for _ in range(30)] == list(range(30))


async def test_a_stream_that_reads_on_gets_everything_in_order(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place, keep_alive=0.001)
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        for start in range(0, 30, 3):
            server.pause_writing()
            transport.broadcast(note(start))
            await checkpoint()
            transport.broadcast(note(start + 1))
            server.resume_writing()
            transport.broadcast(note(start + 2))
            await checkpoint()
        assert [await alice.number() for _ in range(30)] == list(range(30))


async def test_a_websocket_that_vanishes_while_its_server_takes_nothing_leaves_no_task(
    ws: str,
) -> None:
    gate, transport = Gate(), BackendWebsocketTransport()
    app = websocket_app(transport, middleware=[gate.middleware()])
    async with serving(app, ws=ws) as server, RawWebsocket.to(server.port) as peer:
        await peer.open("/?as=alice")
        gate.shut()
        transport.broadcast(note(1))
        await checkpoint()
        peer.vanish()
        await server.is_idle()


async def test_a_stream_that_vanishes_while_its_server_takes_nothing_leaves_no_task(
    http: str,
) -> None:
    gate, transport = Gate(), BackendSseTransport()
    app = stream_app(transport, middleware=[gate.middleware()])
    async with serving(app, http=http) as server, RawStream.to(server.port) as peer:
        await peer.open("/?as=alice")
        gate.shut()
        transport.broadcast(note(1))
        await checkpoint()
        peer.vanish()
        await server.is_idle()


def _content(message: Message) -> str:
    """`note 1`, `close`, or the type of the message."""
    text = message.get("text") or message.get("body", b"").decode()
    if found := re.search(r'"number":(\d+)', text):
        return f"note {found[1]}"
    closes = message["type"] == "websocket.close" or "event: close" in text
    return "close" if closes else message["type"]
