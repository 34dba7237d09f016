"""WebSockets of Starlette behind uvicorn: bad input is answered, or closes that one connection."""

from __future__ import annotations

import json
import logging

import pytest
from websockets.frames import Opcode

from gatecast.errors import InvalidLimitError
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming
from tests.support.apps import websocket_app
from tests.support.clients import Close, WebsocketClient
from tests.support.people import note
from tests.support.raw_peer import RawWebsocket
from tests.support.uvicorn_server import serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

TEXT = b'{"jsonrpc": "2.0", "method": "tell"}'
WITHOUT_A_WORD = {"wsproto": None}
"""On wsproto, uvicorn cuts off a peer that breaks the protocol, and sends no close frame."""


@pytest.mark.parametrize(
    ("text", "code", "request_id"),
    [
        ("no JSON", -32700, None),
        ("", -32700, None),
        ('{"jsonrpc": "2.0", "id": 7}', -32600, 7),
        ('[{"jsonrpc": "2.0", "id": 7, "method": "ask"}]', -32600, None),
        ('{"jsonrpc": "2.0", "id": true, "method": "ask"}', -32600, None),
        ("[" * 100_000, -32700, None),
        ("[" * 100_000 + "]" * 100_000, -32700, None),
    ],
    ids=["text", "empty", "no-method", "batch", "bool-id", "deep-cut", "deep"],
)
async def test_what_is_no_request_is_answered_with_an_error(
    ws: str, text: str, code: int, request_id: int | None
) -> None:
    async with (
        serving(websocket_app(BackendWebsocketTransport()), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(text)
        answer = await alice.receive()
        assert answer["id"] == request_id
        assert json.loads(json.dumps(answer["error"]))["code"] == code
        # The connection goes on.
        await alice.send('{"jsonrpc": "2.0", "id": "next", "method": "ask"}')
        assert (await alice.receive())["id"] == "next"


async def test_a_binary_frame_closes_with_1003(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
        WebsocketClient.to(server, "bob") as bob,
    ):
        await alice.send(TEXT)
        await alice.send(b"\x00")
        assert await alice.closed() == Close(1003, "Text frames only")
        assert transport.broadcast(note(1)) == 1
        assert await bob.number() == 1


async def test_a_message_over_the_limit_in_bytes_closes_with_1009(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place, max_message_bytes=100)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send("ä" * 50)
        assert "error" in await alice.receive()
        await alice.send("ä" * 50 + "a")
        assert await alice.closed() == Close(1009, "Message too big")
        await server.is_idle()


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_that_lets_nothing_through_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimitError, match="max_message_bytes"):
        BackendWebsocketTransport(max_message_bytes=limit)


async def test_invalid_utf_8_ends_the_connection(
    ws: str, in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            await peer.send_frame(Opcode.TEXT, b'"\xff"')
            assert await peer.texts_until_closed() == ([], WITHOUT_A_WORD.get(ws, 1007))
        await server.is_idle()
        assert not transport.is_ready()
    # uvicorn's own words for it, and rightly so.
    assert {
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR
    } <= {"Invalid UTF-8 sequence received from client."}
    caplog.clear()


@pytest.mark.parametrize(
    "head",
    [b"\xf1\x80", b"\x83\x80", b"\x81\x05"],
    ids=["reserved-bits", "unknown-opcode", "unmasked"],
)
async def test_a_frame_against_the_protocol_ends_the_connection(
    ws: str, in_place: bool, head: bytes
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            await peer.send(head + b"\x00" * 9)
            assert await peer.texts_until_closed() == ([], WITHOUT_A_WORD.get(ws, 1002))
        await server.is_idle()
        assert not transport.is_ready()


async def test_a_frame_after_the_peers_close_is_not_heard(ws: str, in_place: bool) -> None:
    heard: list[object] = []

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        heard.append(incoming.message)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport, on_message=on_message), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            await peer.send_frame(Opcode.CLOSE, b"\x03\xe8")
            await peer.send_frame(Opcode.TEXT, TEXT)
            assert await peer.texts_until_closed() == ([], 1000)
        await server.is_idle()
        assert not transport.is_ready()
    assert heard == []


async def test_frames_after_our_close_are_not_heard(ws: str, in_place: bool) -> None:
    heard: list[object] = []

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        heard.append(incoming.message)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport, on_message=on_message), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            assert transport.close_where(lambda _: True) == 1
            for _ in range(10):
                await peer.send_frame(Opcode.TEXT, TEXT)
            assert await peer.texts_until_closed() == ([], 4001)
        await server.is_idle()
    assert heard == []
