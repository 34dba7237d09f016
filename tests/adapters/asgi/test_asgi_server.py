"""The server beneath `send` is found where it is known, and never guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import PlainTextResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.logging import TRACE_LOG_LEVEL

from gatecast_adapters._asgi.server import KnownServer, find_known_server
from tests.support.raw_peer import RawStream, RawWebsocket
from tests.support.uvicorn_server import serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

Found = list[KnownServer | None]


class Stream(PlainTextResponse):
    """Looks for the server at the place where a stream would."""

    def __init__(self, found: Found) -> None:
        super().__init__("found")
        self.found = found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.found.append(find_known_server(send))
        await super().__call__(scope, receive, send)


def starlette_app(found: Found, *middleware: Middleware) -> Starlette:
    async def stream(request: Request) -> Stream:
        return Stream(found)

    async def socket(websocket: WebSocket) -> None:
        found.append(find_known_server(websocket._send))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        await websocket.accept()

    return Starlette(
        routes=[Route("/", stream), WebSocketRoute("/", socket)], middleware=list(middleware)
    )


def fastapi_app(found: Found) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def stream(request: Request) -> Stream:
        return Stream(found)

    @app.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        found.append(find_known_server(websocket._send))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        await websocket.accept()

    return app


def bare_app(found: Found) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await Stream(found)(scope, receive, send)
        else:
            found.append(find_known_server(send))
            await WebSocket(scope, receive, send).accept()

    return app


Look = Callable[[ASGIApp], Awaitable[None]]
"""Makes an app look for its server, by one of the ways to reach it."""


async def look_from_stream(http: str, app: ASGIApp) -> None:
    async with serving(app, http=http) as server, RawStream.to(server.port) as peer:
        await peer.ask("/", "Accept-Encoding: gzip")
        await peer.receive()


async def look_from_websocket(ws: str, app: ASGIApp) -> None:
    async with serving(app, ws=ws) as server, RawWebsocket.to(server.port) as peer:
        await peer.open("/")
        await peer.receive_all()


@pytest.fixture(params=["httptools", "h11", "websockets-sansio", "wsproto"])
def look(request: pytest.FixtureRequest) -> Look:
    by = look_from_stream if request.param in ("httptools", "h11") else look_from_websocket
    return partial(by, request.param)


@pytest.mark.parametrize("make_app", [bare_app, starlette_app, fastapi_app])
async def test_uvicorn_is_found_beneath_the_frameworks(
    look: Look, make_app: Callable[[Found], ASGIApp]
) -> None:
    found: Found = []
    await look(make_app(found))
    (server,) = found
    assert server is not None
    assert server.send.__module__.startswith("uvicorn.protocols.")


class WrapsInFunction:
    """A middleware that wraps `send`, in the way that most do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def wrapped(message: Message) -> None:
            await send(message)

        await self.app(scope, receive, self.wrap(wrapped))

    def wrap(self, send: Send) -> Send:
        return send


class WrapsInMethod(WrapsInFunction):
    def wrap(self, send: Send) -> Send:
        return _Wrapper(send).send


class WrapsInObject(WrapsInFunction):
    def wrap(self, send: Send) -> Send:
        return _Wrapper(send)


class WrapsInPartial(WrapsInFunction):
    def wrap(self, send: Send) -> Send:
        return partial(_Wrapper.send, _Wrapper(send))


class _Wrapper:
    def __init__(self, send: Send) -> None:
        self._send = send

    async def send(self, message: Message) -> None:
        await self._send(message)

    async def __call__(self, message: Message) -> None:
        await self._send(message)


@pytest.mark.parametrize("wrapper", [WrapsInFunction, WrapsInMethod, WrapsInObject, WrapsInPartial])
async def test_nothing_is_found_beneath_a_wrapper_that_is_not_known(
    look: Look, wrapper: type[WrapsInFunction]
) -> None:
    found: Found = []
    await look(starlette_app(found, Middleware(wrapper)))
    assert found == [None]


async def test_nothing_is_found_beneath_middleware_that_changes_the_body() -> None:
    found: Found = []
    await look_from_stream("h11", starlette_app(found, Middleware(GZipMiddleware)))
    assert found == [None]


async def test_nothing_is_found_while_uvicorn_logs_every_message(
    look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(TRACE_LOG_LEVEL, "uvicorn.error")
    caplog.set_level(TRACE_LOG_LEVEL, "uvicorn.asgi")
    found: Found = []
    await look(starlette_app(found))
    assert found == [None]


async def test_nothing_is_found_where_the_server_is_another() -> None:
    class WSProtocol:
        """Called as one that is known, but not it."""

        async def send(self, message: Message) -> None: ...

    assert find_known_server(WSProtocol().send) is None
