"""Both ASGI adapters work behind middleware that wraps `send`, of which they know nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import pytest
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.logging import TRACE_LOG_LEVEL
from websockets.frames import Opcode

from gatecast.messages.jsonrpc import notification
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import RawStream, RawWebsocket
from tests.support.uvicorn_server import serving
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


class WrappingMiddleware:
    """Hands every message on; a subclass says how."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def wrapped(message: Message) -> None:
            await self.hand_on(message, send)

        await self.app(scope, receive, wrapped)

    async def hand_on(self, message: Message, send: Send) -> None:
        await send(message)


class AsyncioTimeoutMiddleware(WrappingMiddleware):
    """Looks at the current task, which must be the one that it suspends in."""

    async def hand_on(self, message: Message, send: Send) -> None:
        async with asyncio.timeout(PATIENCE):
            await asyncio.sleep(0)
            await send(message)


class AnyioTimeoutMiddleware(WrappingMiddleware):
    """The same with a cancel scope."""

    async def hand_on(self, message: Message, send: Send) -> None:
        with anyio.fail_after(PATIENCE):
            await anyio.lowlevel.checkpoint()
            await send(message)


class WritingMiddleware(WrappingMiddleware):
    """Changes messages in place, as some middleware does with what it thinks is its own."""

    async def hand_on(self, message: Message, send: Send) -> None:
        if "text" in message:
            message["text"] = message["text"].replace("once", "once more")
        if "body" in message:
            message["body"] = message["body"].replace(b"once", b"once more")
        await send(message)


async def hand_on(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    return await call_next(request)


ANY = [
    Middleware(WrappingMiddleware),
    Middleware(AsyncioTimeoutMiddleware),
    Middleware(AnyioTimeoutMiddleware),
]
HTTP = [*ANY, Middleware(BaseHTTPMiddleware, dispatch=hand_on), Middleware(GZipMiddleware)]


def _name(middleware: Middleware) -> str:
    return str(getattr(middleware.cls, "__name__", ""))


@pytest.mark.parametrize("middleware", ANY, ids=_name)
async def test_a_websocket_works_behind_middleware(ws: str, middleware: Middleware) -> None:
    transport = BackendWebsocketTransport()
    async with serving(websocket_app(transport, middleware=[middleware]), ws=ws) as server:
        async with (
            WebsocketClient.to(server, "alice") as alice,
            WebsocketClient.to(server, "bob") as bob,
        ):
            for number in range(5):
                assert transport.broadcast(note(number)) == 2
            assert [await alice.number() for _ in range(5)] == list(range(5))
            assert [await bob.number() for _ in range(5)] == list(range(5))
            await alice.send('{"jsonrpc": "2.0", "id": 7, "method": "ask"}')
            assert (await alice.receive())["id"] == 7
            await alice.send("no JSON")
            assert "error" in await alice.receive()
            assert transport.close_sockets_for_session(ALICE_SESSION) == 1
            assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


@pytest.mark.parametrize("middleware", HTTP, ids=_name)
async def test_a_stream_works_behind_middleware(http: str, middleware: Middleware) -> None:
    transport = BackendSseTransport(keep_alive=0.01)
    async with serving(stream_app(transport, middleware=[middleware]), http=http) as server:
        async with (
            StreamClient.to(server, "alice") as alice,
            StreamClient.to(server, "bob") as bob,
        ):
            await until(lambda: transport.get_connection_count() == 2, "both streams")
            for number in range(5):
                assert transport.broadcast(note(number)) == 2
            assert [await alice.number() for _ in range(5)] == list(range(5))
            assert [await bob.number() for _ in range(5)] == list(range(5))
            assert transport.close_sockets_for_session(ALICE_SESSION) == 1
            assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


@pytest.mark.parametrize("middleware", HTTP, ids=_name)
async def test_a_stream_whose_peer_vanishes_is_removed_behind_middleware(
    http: str, middleware: Middleware
) -> None:
    transport = BackendSseTransport()
    async with serving(stream_app(transport, middleware=[middleware]), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.open("/?as=alice")
            peer.vanish()
        await server.is_idle()
        assert not transport.is_ready()


async def test_middleware_that_writes_to_a_message_spoils_it_for_nobody_else() -> None:
    sockets, streams = BackendWebsocketTransport(), BackendSseTransport()
    middleware = [Middleware(WritingMiddleware)]
    message = notification("once")
    async with (
        serving(websocket_app(sockets, middleware=middleware)) as socket_server,
        WebsocketClient.to(socket_server, "alice") as alice,
        WebsocketClient.to(socket_server, "bob") as bob,
    ):
        sockets.broadcast(message)
        assert (await alice.receive())["method"] == "once more"
        assert (await bob.receive())["method"] == "once more"
    async with (
        serving(stream_app(streams, middleware=middleware)) as stream_server,
        StreamClient.to(stream_server, "alice") as one,
        StreamClient.to(stream_server, "bob") as other,
    ):
        await until(lambda: streams.get_connection_count() == 2, "both streams")
        streams.broadcast(message)
        assert (await one.event()).json()["method"] == "once more"
        assert (await other.event()).json()["method"] == "once more"


async def test_both_work_while_uvicorn_logs_every_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(TRACE_LOG_LEVEL, "uvicorn.error")
    caplog.set_level(TRACE_LOG_LEVEL, "uvicorn.asgi")
    sockets, streams = BackendWebsocketTransport(), BackendSseTransport()
    async with (
        serving(websocket_app(sockets)) as socket_server,
        WebsocketClient.to(socket_server, "alice") as alice,
        serving(stream_app(streams)) as stream_server,
        StreamClient.to(stream_server, "alice") as one,
    ):
        await until(streams.is_ready, "the stream")
        sockets.broadcast(note(1))
        streams.broadcast(note(1))
        assert (await alice.number(), await one.number()) == (1, 1)


@pytest.mark.parametrize("middleware", ANY, ids=_name)
async def test_a_stalled_websocket_behind_middleware_is_given_up(
    ws: str, middleware: Middleware
) -> None:
    transport = BackendWebsocketTransport(
        limits=OutboxLimits(max_messages=10_000, max_bytes=10**12), close_timeout=0.05
    )
    async with (
        serving(websocket_app(transport, middleware=[middleware]), ws=ws) as server,
        RawWebsocket.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        # It has been heard before, so that the app has waited for both, a message and a handler.
        await peer.send_frame(Opcode.TEXT, b"no JSON")
        await peer.texts(1)
        for number in range(64):
            assert transport.broadcast(note(number, 256 * 1024)) == 1
            await anyio.lowlevel.checkpoint()
        assert transport.close_sockets_for_session(ALICE_SESSION) == 1
        await until(lambda: not server.state.tasks, "the task of the stalled peer to end")


async def test_a_stalled_stream_behind_middleware_is_given_up(
    http: str, caplog: pytest.LogCaptureFixture
) -> None:
    transport = BackendSseTransport(
        limits=OutboxLimits(max_messages=10_000, max_bytes=10**12), close_timeout=0.05
    )
    app = stream_app(transport, middleware=[Middleware(WrappingMiddleware)])
    async with serving(app, http=http) as server, RawStream.to(server.port) as peer:
        await peer.open("/?as=alice")
        for number in range(64):
            assert transport.broadcast(note(number, 256 * 1024)) == 1
            await anyio.lowlevel.checkpoint()
        assert transport.close_sockets_for_session(ALICE_SESSION) == 1
        await until(lambda: not server.state.tasks, "the task of the stalled peer to end")
    # uvicorn's own words, and it is right: where the server is hidden, nothing can be aborted.
    assert [record.getMessage() for record in caplog.records] == [
        "ASGI callable returned without completing response."
    ]
    caplog.clear()
