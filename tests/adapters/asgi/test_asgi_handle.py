"""The handle of both ASGI adapters: when it sends in place, and what becomes of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from anyio.lowlevel import checkpoint
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatecast.errors import HandleClosedError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters import _life
from gatecast_adapters._asgi import types as asgi
from gatecast_adapters._asgi.handle import AsgiHandle
from gatecast_adapters._asgi.reading import Reading
from gatecast_adapters._asgi.server import KnownServer, Shareable
from gatecast_adapters._asgi.wire import WEBSOCKET
from gatecast_adapters._life import HandleSettings
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import RawStream
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

REVOKED = Close(4001, "Session revoked")


async def test_a_broadcast_to_websockets_that_read_starts_no_task(ws: str) -> None:
    transport = BackendWebsocketTransport()
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        server.pause_writing()
        transport.broadcast(note(0))
        server.resume_writing()
        assert await alice.number() == 0
        tasks = asyncio.all_tasks()
        assert transport.broadcast(note(1)) == 1
        assert asyncio.all_tasks() == tasks
        assert await alice.number() == 1


async def test_a_broadcast_to_streams_that_read_starts_no_task(http: str) -> None:
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        server.pause_writing()
        transport.broadcast(note(0))
        server.resume_writing()
        assert await alice.number() == 0
        tasks = asyncio.all_tasks()
        assert transport.broadcast(note(1)) == 1
        assert asyncio.all_tasks() == tasks
        assert await alice.number() == 1


async def test_a_websocket_that_stalls_is_told_of_its_close_when_it_reads_on(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with WebsocketClient.to(server, "alice") as alice:
            server.pause_writing()
            transport.close_sockets_for_session(ALICE_SESSION)
            await checkpoint()
            server.resume_writing()
            assert await alice.closed() == REVOKED
        await server.is_idle()


async def test_a_stream_that_stalls_is_told_of_its_close_when_it_reads_on(
    http: str, in_place: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport), http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            server.pause_writing()
            transport.close_sockets_for_session(ALICE_SESSION)
            await checkpoint()
            server.resume_writing()
            assert await alice.closed() == REVOKED
        await server.is_idle()


async def test_a_keep_alive_that_has_to_wait_does_not_upset_the_order(http: str) -> None:
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        (connection,) = transport.get_connections()
        transport.broadcast(note(0))
        transport.broadcast(note(1))  # This one is held back until the turn is over.
        server.pause_writing()
        connection.handle.keep_alive()
        await checkpoint()
        server.resume_writing()
        transport.broadcast(note(2))
        assert [await alice.number() for _ in range(3)] == [0, 1, 2]


async def test_a_keep_alive_that_is_still_to_be_written_is_not_sent_before_a_close() -> None:
    transport = BackendSseTransport(in_place=False)
    async with (
        serving(stream_app(transport)) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        await until(transport.is_ready, "the stream")
        (connection,) = transport.get_connections()
        connection.handle.keep_alive()
        transport.close_sockets_for_session(ALICE_SESSION)
        assert b"keep-alive" not in await peer.receive_all()


async def stall_at_the_end_of_a_turn(http: str) -> list[object]:
    """Have what was held back find that the peer has stalled; what the peer then receives."""
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        transport.broadcast(note(0))
        transport.broadcast(note(1))
        server.pause_writing()
        await checkpoint()
        server.resume_writing()
        transport.broadcast(note(2))
        return [await alice.number() for _ in range(3)]


async def stall_outside_of_any_task(ws: str) -> list[object]:
    """Broadcast from a callback of the event loop to a peer that has stalled; what it receives."""
    transport = BackendWebsocketTransport()
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        server.pause_writing()
        asyncio.get_running_loop().call_soon(transport.broadcast, note(0))
        await checkpoint()
        await checkpoint()
        server.resume_writing()
        transport.broadcast(note(1))
        return [await alice.number() for _ in range(2)]


# Both are run by the event loop alone: anyio's own runner says, even in callbacks, which one it is.


def test_what_was_held_back_waits_if_the_peer_has_stalled_by_then(
    http: str, runner: asyncio.Runner
) -> None:
    assert runner.run(stall_at_the_end_of_a_turn(http)) == [0, 1, 2]


def test_a_broadcast_outside_of_any_task_waits_for_a_peer_that_stalls(
    ws: str, runner: asyncio.Runner
) -> None:
    assert runner.run(stall_outside_of_any_task(ws)) == [0, 1]


async def test_a_closed_handle_takes_nothing_more(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        (connection,) = transport.get_connections()
        connection.handle.close(Ending.by_app(4001, "closed"))
        with pytest.raises(HandleClosedError):
            connection.handle.send(Frame(note(1)))
        assert await alice.closed() == Close(4001, "closed")


async def test_a_websocket_that_the_server_has_given_up_is_dropped(ws: str, in_place: bool) -> None:
    dropped: list[DroppedConnection[ConnectionIdentity]] = []
    transport = BackendWebsocketTransport(in_place=in_place, on_drop=dropped.append)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with WebsocketClient.to(server, "alice"):
            server.end_keepalive()
            assert transport.broadcast(note(1)) == (0 if in_place else 1)
            await until(lambda: not transport.is_ready(), "the connection to be dropped")
        await server.is_idle()
    assert [type(drop.error) for drop in dropped] == [HandleClosedError]


class FailingMiddleware:
    """A `send` that fails in a way that nobody expects."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def failing_send(message: Message) -> None:
            if "note" in str(message):
                raise LookupError("a bug of the middleware")
            await send(message)

        await self.app(scope, receive, failing_send)


async def test_a_websocket_that_fails_unexpectedly_is_closed_and_reported_once(ws: str) -> None:
    dropped: list[DroppedConnection[ConnectionIdentity]] = []
    transport = BackendWebsocketTransport(on_drop=dropped.append)
    app = websocket_app(transport, middleware=[Middleware(FailingMiddleware)])
    async with (
        serving(app, ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        transport.broadcast(note(1))
        transport.broadcast(note(2))
        assert await alice.closed() == Close(1011, "Internal error")
        await server.is_idle()
    assert [type(drop.error) for drop in dropped] == [LookupError]


async def test_a_stream_that_fails_unexpectedly_is_closed_and_reported_once(http: str) -> None:
    dropped: list[DroppedConnection[SseIdentity]] = []
    transport = BackendSseTransport(on_drop=dropped.append)
    app = stream_app(transport, middleware=[Middleware(FailingMiddleware)])
    async with (
        serving(app, http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        transport.broadcast(note(1))
        transport.broadcast(note(2))
        assert await alice.closed() == Close(1011, "Internal error")
        await server.is_idle()
    assert [type(drop.error) for drop in dropped] == [LookupError]


class HasTransport:
    """What a known server has."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport = asyncio.Transport()


class ClosedBySending:
    """A server whose `send` calls back and closes the connection, and then fails."""

    def __init__(self) -> None:
        self.handle: AsgiHandle | None = None

    async def send(self, event: asgi.Message) -> None:
        assert self.handle is not None
        self.handle.close(Ending.by_app(4001, "closed"))
        raise OSError


async def test_a_handle_that_is_closed_and_fails_at_once_gets_one_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deadlines: list[float] = []

    def call_later(seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        deadlines.append(seconds)
        return lambda: None

    async def receive() -> asgi.Message:
        raise AssertionError("nobody reads")

    monkeypatch.setattr(_life, "call_later", call_later)
    server = ClosedBySending()
    known = KnownServer(server.send, Shareable.NOTHING, HasTransport(), server)
    settings = HandleSettings(OutboxLimits(), 5.0, lambda handle, error: None)
    server.handle = AsgiHandle(server.send, Reading(receive, known), settings, WEBSOCKET)
    with pytest.raises(HandleClosedError):
        server.handle.send(Frame(note(1)))
    assert deadlines == [5.0]
