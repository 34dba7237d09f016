"""The picows server: who is let in, and what only this adapter has to do itself."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import anyio
import pytest
from anyio import to_thread
from picows import (
    WSUpgradeRequest,
    WSUpgradeResponseWithListener,
    ws_create_server,  # pyright: ignore[reportUnknownVariableType]  # annotated in part only
)
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from gatecast.errors import HandleClosedError, InvalidLimitError
from gatecast.identity.ids import AccountId
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.picows_server import Incoming, PicowsServerTransport
from tests.support.clients import Close, WebsocketClient
from tests.support.native_servers import NativeServer, serving_picows
from tests.support.people import ALICE_SESSION, identity_of, note
from tests.support.raw_peer import RawPeer, RawWebsocket
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

UPGRADE = (
    b"GET /?as=alice HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def test_who_is_not_identified_is_closed_with_1008() -> None:
    async with serving_picows() as server:
        async with WebsocketClient.to(server, "nobody") as nobody:
            assert await nobody.closed() == Close(1008, "Not authenticated")
        await server.is_idle()
        # Nothing is connected or being admitted any more, so any thread may call a verb.
        await to_thread.run_sync(server.transport.close_sockets_for_session, ALICE_SESSION)


async def test_nothing_reaches_a_peer_before_it_is_identified() -> None:
    asked, answered = anyio.Event(), anyio.Event()

    async def wait_and_identify(name: str) -> ConnectionIdentity | None:
        asked.set()
        await answered.wait()
        return identity_of(name)

    async with (
        serving_picows(identify=wait_and_identify) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send('{"jsonrpc": "2.0", "id": 1, "method": "ask"}')
        await asked.wait()
        assert server.transport.broadcast(note(1)) == 0
        answered.set()
        # What it sent meanwhile was kept.
        assert (await alice.receive())["id"] == 1
        assert server.transport.broadcast(note(2)) == 1
        assert await alice.number() == 2


async def test_a_bug_in_identify_closes_with_1011_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(name: str) -> None:
        raise LookupError("a bug of the app")

    async with serving_picows(identify=broken) as server:
        async with WebsocketClient.to(server, "alice") as alice:
            assert await alice.closed() == Close(1011, "Internal error")
        await server.is_idle()
    assert [type(error) for error in logged_errors(caplog)] == [LookupError]
    caplog.clear()


async def test_a_page_of_a_foreign_origin_is_refused_before_the_upgrade() -> None:
    async with serving_picows() as server:
        with pytest.raises(InvalidStatus) as caught:
            async with WebsocketClient.to(server, "alice", origin="https://evil.example"):
                pass
        answer = caught.value.response
        assert (answer.status_code, answer.body) == (403, b"Origin not allowed")
        await server.is_idle()


@pytest.mark.parametrize("origin", [None, "same", "https://app.example"])
async def test_a_page_of_an_allowed_origin_is_let_in(origin: str | None) -> None:
    async with serving_picows(allowed_origins=["https://app.example"]) as server:
        if origin == "same":
            origin = f"http://127.0.0.1:{server.port}"
        async with server.client("alice", origin=origin) as alice:
            server.transport.broadcast(note(1))
            assert await alice.number() == 1


async def test_the_subprotocol_that_the_app_picks_is_agreed_on() -> None:
    transport = PicowsServerTransport()

    async def identify(request: WSUpgradeRequest) -> ConnectionIdentity | None:
        return identity_of("alice")

    def listener(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return transport.serve(request, identify=identify, subprotocol="second")

    async with await ws_create_server(listener, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        offered = [Subprotocol("first"), Subprotocol("second")]
        async with connect(
            f"ws://127.0.0.1:{port}/", subprotocols=offered, proxy=None
        ) as connection:
            assert connection.subprotocol == "second"


async def test_an_identity_with_a_key_of_the_wrong_type_is_a_bug_of_the_app(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def from_a_row(name: str) -> ConnectionIdentity:
        # What a caller without a type checker may well pass.
        return ConnectionIdentity(cast(AccountId, "0000000a-..."), ALICE_SESSION)

    async with serving_picows(identify=from_a_row) as server:
        async with WebsocketClient.to(server, "alice") as alice:
            assert await alice.closed() == Close(1011, "Internal error")
        await server.is_idle()
    (error,) = logged_errors(caplog)
    assert "index 'account' has keys of type UUID, not str" in str(error)
    caplog.clear()


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_client_that_vanishes_while_it_is_identified_leaves_nothing(name: str) -> None:
    asked, gone = anyio.Event(), anyio.Event()

    async def wait_and_identify(name: str) -> ConnectionIdentity | None:
        asked.set()
        await gone.wait()
        return identity_of(name)

    async with serving_picows(identify=wait_and_identify) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open(f"/?as={name}")
            await asked.wait()
            peer.vanish()
        await anyio.lowlevel.checkpoint()
        gone.set()
        await server.is_idle()


async def test_frames_in_the_packet_of_the_handshake_are_heard() -> None:
    async with serving_picows() as server, RawPeer.to(server.port) as peer:
        await peer.send(UPGRADE + Frame(Opcode.TEXT, b"no JSON").serialize(mask=True))
        await peer.receive_until(b'"code":-32700')


@pytest.mark.parametrize("payload", [b"\x00", b""], ids=["some", "empty"])
async def test_a_binary_frame_closes_even_before_the_peer_is_identified(payload: bytes) -> None:
    async def never(name: str) -> ConnectionIdentity | None:
        await anyio.sleep_forever()
        return None

    async with serving_picows(identify=never, close_timeout=0.05) as server:
        async with WebsocketClient.to(server, "alice") as alice:
            await alice.send(payload)
            assert await alice.closed() == Close(1003, "Text frames only")
        await server.is_idle()


@pytest.mark.parametrize("fragments", [1, 2])
async def test_a_message_over_the_limit_in_bytes_closes_with_1009(fragments: int) -> None:
    transport = PicowsServerTransport(max_message_bytes=100)

    async def identify(request: WSUpgradeRequest) -> ConnectionIdentity | None:
        return identity_of("alice")

    def listener(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return transport.serve(request, identify=identify)

    async with await ws_create_server(listener, "127.0.0.1", 0) as listening:
        server = NativeServer(transport, listening.sockets[0].getsockname()[1])
        async with server.client("alice") as alice:
            await alice.connection.send(["ä" * (50 // fragments)] * fragments)
            assert "error" in await alice.receive()
            await alice.connection.send(["ä" * (50 // fragments)] * fragments + ["a"])
            assert await alice.closed() == Close(1009, "Message too big")


async def test_a_new_message_within_a_fragmented_one_closes_with_1002() -> None:
    async with serving_picows() as server:
        async with server.raw("alice") as peer:
            await peer.send(Frame(Opcode.TEXT, b"no", fin=False).serialize(mask=True))
            await peer.send_frame(Opcode.TEXT, b"JSON")
            assert await peer.texts_until_closed() == ([], 1002)
        await server.is_idle()


async def test_a_peer_that_the_server_itself_closes_takes_nothing_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    dropped: list[DroppedConnection[ConnectionIdentity]] = []
    async with serving_picows(on_drop=dropped.append) as server:
        async with server.raw("alice") as peer:
            await peer.send(b"\x83\x80" + bytes(4))  # An unknown opcode.
            await until(lambda: server.transport.broadcast(note(1)) == 0, "the server's close")
            assert [type(drop.error) for drop in dropped] == [HandleClosedError]
        await server.is_idle()
    caplog.clear()  # picows reports the frame as an error.


async def test_a_peer_that_is_refused_for_its_input_is_removed_at_once() -> None:
    async with serving_picows() as server:
        async with server.raw("alice") as peer:
            await peer.send_frame(Opcode.BINARY, b"")
            # It is told, and has not answered yet.
            assert b"Text frames only" in await peer.receive()
            assert not server.transport.is_ready()
        await server.is_idle()


async def test_the_answer_to_our_close_is_seen_however_much_the_peer_sends_before_it() -> None:
    asked, told = anyio.Event(), anyio.Event()

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        asked.set()
        await told.wait()

    async with serving_picows(on_message=on_message) as server:
        async with server.raw("alice") as peer:
            await peer.send_frame(Opcode.TEXT, b"no JSON")
            await asked.wait()
            server.transport.close_where(lambda _: True)
            for _ in range(100):
                await peer.send_frame(Opcode.TEXT, bytes(10_000))
            assert await peer.texts_until_closed() == ([], 4001)
        told.set()
        await server.is_idle()


async def test_a_stalled_peer_that_closes_and_does_not_read_the_answer_is_given_up() -> None:
    limits = OutboxLimits(max_messages=10_000, max_bytes=10**12)
    async with (
        serving_picows(limits=limits, close_timeout=0.05) as server,
        server.raw("alice") as peer,
    ):
        for number in range(64):
            assert server.transport.broadcast(note(number, 256 * 1024)) == 1
        await peer.send_frame(Opcode.CLOSE, b"\x03\xe8")
        await server.is_idle()


async def test_a_connection_whose_task_is_cancelled_ends_with_it() -> None:
    async with serving_picows() as server:
        async with server.client("alice") as alice:
            (task,) = [task for task in asyncio.all_tasks() if "_serve_connected" in repr(task)]
            task.cancel()
            assert (await alice.closed()).code == 1006
        await server.is_idle()


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_that_lets_nothing_through_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimitError, match="max_message_bytes"):
        PicowsServerTransport(max_message_bytes=limit)


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.exc_info[1] if record.exc_info else None for record in errors]
