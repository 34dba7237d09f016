"""The `websockets` server: who is let in, compression, and what else may be sent beside us."""

from __future__ import annotations

import gc
import json
import logging
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import cast
from uuid import UUID

import anyio
import pytest
from anyio import to_thread
from typing_extensions import override
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.base import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from gatecast.errors import NotAdmittedError
from gatecast.identity.ids import AccountId
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters._websocket_frames import shared_below
from gatecast_adapters.websockets_server import COMPRESSION_THRESHOLD, WebsocketsServerTransport
from tests.support.clients import Close, WebsocketClient
from tests.support.native_servers import NativeServer, serving_websockets
from tests.support.people import ALICE_SESSION, identity_of, note
from tests.support.raw_peer import RawWebsocket
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def refused(server: NativeServer, name: str, *, origin: str | None = None) -> InvalidStatus:
    with anyio.fail_after(PATIENCE), pytest.raises(InvalidStatus) as caught:
        async with server.client(name, origin=origin):
            pass
    await server.is_idle()
    return caught.value


async def has_no_open_admission(server: NativeServer) -> None:
    """While nothing is connected or being admitted, any thread may call a verb."""
    await to_thread.run_sync(server.transport.close_sockets_for_session, ALICE_SESSION)


async def test_who_is_not_identified_gets_401_before_the_upgrade() -> None:
    async with serving_websockets() as server:
        answer = (await refused(server, "nobody")).response
        assert (answer.status_code, answer.body) == (401, b"Not authenticated\n")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        await has_no_open_admission(server)


async def test_a_bug_in_identify_is_an_internal_server_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(name: str) -> None:
        raise LookupError("a bug of the app")

    async with serving_websockets(identify=broken) as server:
        assert (await refused(server, "alice")).response.status_code == 500
        await has_no_open_admission(server)
    assert LookupError in [type(error) for error in logged_errors(caplog)]
    caplog.clear()


async def test_a_page_of_a_foreign_origin_is_refused_before_it_is_identified() -> None:
    asked: list[str] = []

    async def note_and_identify(name: str) -> ConnectionIdentity | None:
        asked.append(name)
        return identity_of(name)

    async with serving_websockets(identify=note_and_identify) as server:
        answer = (await refused(server, "alice", origin="https://evil.example")).response
        assert (answer.status_code, answer.body) == (403, b"Origin not allowed\n")
    assert asked == []


@pytest.mark.parametrize("origin", [None, "same", "https://app.example"])
async def test_a_page_of_an_allowed_origin_is_let_in(origin: str | None) -> None:
    async with serving_websockets(allowed_origins=["https://app.example"]) as server:
        if origin == "same":
            origin = f"http://127.0.0.1:{server.port}"
        async with server.client("alice", origin=origin) as alice:
            server.transport.broadcast(note(1))
            assert await alice.number() == 1


async def test_two_origins_in_one_request_are_none_that_is_allowed() -> None:
    async with serving_websockets(allowed_origins=["https://app.example"]) as server:
        async with RawWebsocket.to(server.port) as peer:
            origins = "Origin: https://app.example\r\n" * 2
            await peer.send(f"GET / HTTP/1.1\r\nHost: localhost\r\n{origins}\r\n".encode())
            assert (await peer.receive_all()).startswith(b"HTTP/1.1 403 Forbidden\r\n")
        await server.is_idle()


async def test_a_handshake_that_fails_after_the_identification_leaves_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    traces: list[weakref.ref[UUID]] = []

    async def identify_somebody(name: str) -> ConnectionIdentity | None:
        account_id = AccountId(UUID(int=7))
        traces.append(weakref.ref(account_id))
        return ConnectionIdentity(account_id)

    async with serving_websockets(identify=identify_somebody) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await peer.receive_all()).startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
        await server.is_idle()
        await has_no_open_admission(server)
        gc.collect()
        assert [trace() for trace in traces] == [None]
    caplog.clear()  # `websockets` 15.0 logs a handshake that failed as an error.


async def test_a_client_that_vanishes_while_it_is_identified_leaves_nothing() -> None:
    asked, gone = anyio.Event(), anyio.Event()

    async def wait_and_identify(name: str) -> ConnectionIdentity | None:
        asked.set()
        await gone.wait()
        return identity_of(name)

    async with serving_websockets(identify=wait_and_identify) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await asked.wait()
            peer.vanish()
        gone.set()
        await server.is_idle()
        await has_no_open_admission(server)


async def test_an_identity_with_a_key_of_the_wrong_type_is_a_bug_of_the_app(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def from_a_row(name: str) -> ConnectionIdentity:
        # What a caller without a type checker may well pass.
        return ConnectionIdentity(cast(AccountId, "0000000a-..."), ALICE_SESSION)

    async with serving_websockets(identify=from_a_row) as server:
        async with WebsocketClient.to(server, "alice") as alice:
            assert await alice.closed() == Close(1011, "Internal error")
        await server.is_idle()
    (error,) = logged_errors(caplog)
    assert "index 'account' has keys of type UUID, not str" in str(error)
    caplog.clear()


async def test_a_connection_that_was_not_identified_before_the_upgrade_is_not_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport = WebsocketsServerTransport()
    async with serve(transport.serve, "127.0.0.1", 0) as listening:
        server = NativeServer(transport, listening.sockets[0].getsockname()[1])
        async with WebsocketClient.to(server, "alice") as alice:
            assert (await alice.closed()).code == 1011
    assert [type(error) for error in logged_errors(caplog)] == [NotAdmittedError]
    caplog.clear()


@asynccontextmanager
async def beside_an_app(
    during: Callable[[ServerConnection], Coroutine[object, object, None]],
) -> AsyncGenerator[NativeServer]:
    """A server whose app does something with each connection of its own, while it is served."""
    transport = WebsocketsServerTransport()

    async def identify(request: Request) -> ConnectionIdentity | None:
        return identity_of("alice")

    async def handler(connection: ServerConnection) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(during, connection)
            await transport.serve(connection)

    async with serve(
        handler,
        "127.0.0.1",
        0,
        process_request=transport.process_request(identify),
        ping_interval=None,
    ) as server:
        yield NativeServer(transport, server.sockets[0].getsockname()[1])


class Fragments:
    """A message of two fragments that an app sends by itself, and when it sends the second."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.go_on = anyio.Event()

    async def send(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await connection.send(self._parts())

    async def _parts(self) -> AsyncGenerator[str]:
        yield '{"a message"'
        self.begun.set()
        await self.go_on.wait()
        yield ': "of the app"}'


async def test_what_is_broadcast_waits_for_the_end_of_a_fragmented_message() -> None:
    fragments = Fragments()
    async with beside_an_app(fragments.send) as server, server.client("alice") as alice:
        await fragments.begun.wait()
        for number in range(3):
            assert server.transport.broadcast(note(number)) == 1
        fragments.go_on.set()
        assert await alice.receive() == {"a message": "of the app"}
        assert [await alice.number() for _ in range(3)] == [0, 1, 2]


async def test_a_revocation_overtakes_what_waits_for_the_end_of_a_fragmented_message() -> None:
    fragments = Fragments()
    async with beside_an_app(fragments.send) as server, server.client("alice") as alice:
        await fragments.begun.wait()
        assert server.transport.broadcast(note(1)) == 1
        await anyio.lowlevel.checkpoint()
        assert server.transport.close_sockets_for_session(ALICE_SESSION) == 1
        fragments.go_on.set()
        assert await alice.closed() == Close(4001, "Session revoked")


async def test_a_connection_that_the_app_has_begun_to_close_takes_nothing_more() -> None:
    registered = anyio.Event()

    async def close(connection: ServerConnection) -> None:
        await registered.wait()
        await connection.close(4000, "by the app")

    async with beside_an_app(close) as server:
        async with server.raw("alice") as peer:
            registered.set()
            await until(lambda: server.transport.broadcast(note(1)) == 0, "the close to be sent")
            assert not server.transport.is_ready()
            assert (await peer.texts_until_closed())[1] == 4000
        await server.is_idle()


async def test_only_large_messages_are_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[bool] = []
    decode = PerMessageDeflate.decode

    def recording(self: PerMessageDeflate, frame: Frame, *, max_size: int | None = None) -> Frame:
        if frame.opcode is Opcode.TEXT:
            compressed.append(frame.rsv1)
        return decode(self, frame, max_size=max_size)

    monkeypatch.setattr(PerMessageDeflate, "decode", recording)
    sizes = [0, COMPRESSION_THRESHOLD, 0, COMPRESSION_THRESHOLD, COMPRESSION_THRESHOLD, 0]
    async with serving_websockets() as server, server.client("alice") as alice:
        for number, size in enumerate(sizes):
            server.transport.broadcast(note(number, size))
            await anyio.lowlevel.checkpoint()
        # Both in a turn of its own, and joined with others in one write.
        for number, size in enumerate(sizes, len(sizes)):
            server.transport.broadcast(note(number, size))
        assert [await alice.number() for _ in range(2 * len(sizes))] == list(range(2 * len(sizes)))
    assert compressed == [size > 0 for size in sizes] * 2


class Reversing(Extension):
    """An extension without which a message can't be read."""

    @override
    def encode(self, frame: Frame) -> Frame:
        return Frame(frame.opcode, bytes(frame.data)[::-1], frame.fin)


def test_compression_is_known_by_its_name_and_not_by_its_class() -> None:
    class Tuned(PerMessageDeflate):
        """The same on the wire."""

    class Impostor(Reversing):
        """Not the same at all."""

    Impostor.__name__ = "PerMessageDeflate"
    assert shared_below([Tuned(False, False, 15, 15)]) == COMPRESSION_THRESHOLD
    assert shared_below([Impostor()]) == 0


async def test_an_extension_that_is_not_compression_gets_every_message() -> None:
    transport = WebsocketsServerTransport()

    async def identify(request: Request) -> ConnectionIdentity | None:
        return identity_of("alice")

    async def handler(connection: ServerConnection) -> None:
        connection.protocol.extensions.append(Reversing())
        await transport.serve(connection)

    async with serve(
        handler, "127.0.0.1", 0, process_request=transport.process_request(identify)
    ) as listening:
        server = NativeServer(transport, listening.sockets[0].getsockname()[1])
        async with server.raw("alice") as peer:
            for number in range(2):
                transport.broadcast(note(number))
            texts = await peer.texts(2)
        assert [json.loads(text[::-1])["params"]["number"] for text in texts] == [0, 1]


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.exc_info[1] if record.exc_info else None for record in errors]
