"""A socket or a response that the app has answered before serving it is an error that says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from anyio.lowlevel import checkpoint
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from gatecast.errors import AlreadyAcceptedError
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.asgi import AsgiRequest, AsgiSseTransport, AsgiWebsocketTransport
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.people import identify_stream, identity_of
from tests.support.raw_peer import RawStream, RawWebsocket
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

Answer = Callable[[WebSocket], Awaitable[object]]


async def accept(websocket: WebSocket) -> None:
    await websocket.accept()


async def accept_and_close(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close(4000)


async def close(websocket: WebSocket) -> None:
    await websocket.close()


async def deny(websocket: WebSocket) -> None:
    await websocket.send_denial_response(PlainTextResponse("no", 403))
    await checkpoint()  # uvicorn takes a handshake for unfinished until it has seen the socket go.


def caught_in(caught: list[AlreadyAcceptedError]) -> Callable[[Awaitable[object]], Awaitable[None]]:
    async def run(serving: Awaitable[object]) -> None:
        try:
            await serving
        except AlreadyAcceptedError as error:
            caught.append(error)

    return run


async def error_of(ws: str, app: ASGIApp, caught: list[AlreadyAcceptedError]) -> str:
    """What the app is told whose socket a peer opens."""
    async with serving(app, ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await until(lambda: caught, "the error")
        await server.is_idle()
    (error,) = caught
    return error.answer


@pytest.mark.parametrize(
    ("answer", "named"),
    [(accept, "accepted"), (accept_and_close, "closed"), (close, "closed"), (deny, "closed")],
)
async def test_a_socket_that_was_answered_before_is_not_served(
    ws: str, answer: Answer, named: str
) -> None:
    transport = BackendWebsocketTransport()
    caught: list[AlreadyAcceptedError] = []

    async def asked(websocket: WebSocket) -> None:
        raise AssertionError("nobody is to be identified")

    async def endpoint(websocket: WebSocket) -> None:
        await answer(websocket)
        await caught_in(caught)(transport.serve(websocket, identify=asked))

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    assert await error_of(ws, app, caught) == named
    assert not transport.is_ready()


async def test_a_socket_that_identify_accepts_is_not_served(ws: str) -> None:
    transport = BackendWebsocketTransport()
    caught: list[AlreadyAcceptedError] = []

    async def accepting(websocket: WebSocket) -> ConnectionIdentity | None:
        await websocket.accept()
        return identity_of("alice")

    async def endpoint(websocket: WebSocket) -> None:
        await caught_in(caught)(transport.serve(websocket, identify=accepting))

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    assert await error_of(ws, app, caught) == "accepted"
    assert not transport.is_ready()


async def test_a_socket_that_identify_closes_itself_is_refused_that_way(ws: str) -> None:
    transport = BackendWebsocketTransport()
    served: list[str] = []

    async def closing(websocket: WebSocket) -> None:
        await websocket.close(4000)

    async def endpoint(websocket: WebSocket) -> None:
        await transport.serve(websocket, identify=closing)
        served.append("to its end")

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    async with serving(app, ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            assert b" 403 " in await peer.receive_all()
        await server.is_idle()
    assert served == ["to its end"]


async def identify_request(request: AsgiRequest) -> ConnectionIdentity | None:
    return identity_of(request.query["as"])


@pytest.mark.parametrize("received", [True, False])
async def test_a_socket_of_no_framework_that_was_accepted_before_is_not_served(
    ws: str, received: bool
) -> None:
    transport = AsgiWebsocketTransport()
    caught: list[AlreadyAcceptedError] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if received:
            await receive()
        await send({"type": "websocket.accept"})
        if received:
            await send({"type": "websocket.close"})  # Its disconnect is what comes next.
        await caught_in(caught)(transport.serve(scope, receive, send, identify=identify_request))

    if received:
        async with serving(app, ws=ws) as server:
            async with RawWebsocket.to(server.port) as peer:
                await peer.ask("/?as=alice")
                await peer.receive_until(b"\r\n\r\n")
            await server.is_idle()
        assert not caught  # The peer is gone by then, and that is all that can be known.
    else:
        assert await error_of(ws, app, caught) == "accepted"
    assert not transport.is_ready()


async def test_a_response_that_was_begun_before_can_not_be_a_stream(http: str) -> None:
    transport = AsgiSseTransport[ConnectionIdentity]()
    caught: list[AlreadyAcceptedError] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await caught_in(caught)(transport.serve(scope, receive, send, identify=identify_request))
        await send({"type": "http.response.body", "body": b""})

    async with serving(app, http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await until(lambda: caught, "the error")
        await server.is_idle()
    assert [error.answer for error in caught] == ["begun"]
    assert not transport.is_ready()


async def test_a_response_of_starlette_that_was_begun_before_can_not_be_a_stream(http: str) -> None:
    transport = BackendSseTransport()
    caught: list[AlreadyAcceptedError] = []

    class Begun(Response):
        def __init__(self, stream: Response) -> None:
            super().__init__()
            self.stream = stream

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await caught_in(caught)(self.stream(scope, receive, send))
            await send({"type": "http.response.body", "body": b""})

    async def endpoint(request: Request) -> Response:
        return Begun(transport.serve(request, identify=identify_stream))

    app = Starlette(routes=[Route("/", endpoint)])
    async with serving(app, http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await until(lambda: caught, "the error")
        await server.is_idle()
    assert [error.answer for error in caught] == ["begun"]
    assert not transport.is_ready()


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (AlreadyAcceptedError("accepted"), "remove the call of accept()"),
        (AlreadyAcceptedError("closed"), "return instead of calling serve()"),
        (AlreadyAcceptedError("begun"), "send nothing before it"),
    ],
)
def test_the_error_names_the_fix(error: AlreadyAcceptedError, fix: str) -> None:
    assert fix in str(error)
