"""The one place that knows a private name of Starlette's, and what serves where it is not there."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.clients import Close, WebsocketClient
from tests.support.people import ALICE_SESSION, identify, note
from tests.support.uvicorn_server import UvicornServer, serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


class Looking(WebSocket):
    """An app's own WebSocket, which sees everything that is sent."""

    seen: list[str]

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.seen = scope["app"].state.seen

    async def send(self, message: Message) -> None:
        self.seen.append(message["type"])
        await super().send(message)


def app_with(cls: type[WebSocket], transport: BackendWebsocketTransport) -> Starlette:
    async def endpoint(websocket: WebSocket) -> None:
        await transport.serve(websocket, identify=identify)

    class Route(WebSocketRoute):
        async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
            await endpoint(cls(scope, receive, send))

    app = Starlette(routes=[Route("/", endpoint)])
    app.state.seen = []
    return app


async def is_served(server: UvicornServer, transport: BackendWebsocketTransport) -> bool:
    """Serve one socket to its end; whether its frames went by the writer."""
    async with WebsocketClient.to(server, "alice") as alice:
        assert transport.broadcast(note(1)) == 1
        assert await alice.number() == 1
        (connection,) = transport.get_connections()
        transport.broadcast(note(2))
        by_writer = connection.handle.pending > 0
        assert await alice.number() == 2
        assert transport.close_sockets_for_session(ALICE_SESSION) == 1
        assert await alice.closed() == Close(4001, "Session revoked")
    await server.is_idle()
    assert not transport.is_ready()
    return by_writer


async def test_what_lies_beneath_starlettes_own_socket_is_found(ws: str) -> None:
    transport = BackendWebsocketTransport()
    async with serving(app_with(WebSocket, transport), ws=ws) as server:
        assert not await is_served(server, transport)


@pytest.mark.parametrize("beneath", [None, "unknown"])
async def test_the_public_send_and_the_writer_serve_where_nothing_is_found_beneath_it(
    ws: str, monkeypatch: pytest.MonkeyPatch, beneath: str | None
) -> None:
    sends: dict[WebSocket, Send] = {}

    def init(self: WebSocket, scope: Scope, receive: Receive, send: Send) -> None:
        known_init(self, scope, receive, send)
        sends[self] = send
        if beneath is None:
            del vars(self)["_send"]
        else:
            vars(self)["_send"] = beneath

    async def send(self: WebSocket, message: Message) -> None:
        await sends[self](message)

    known_init = WebSocket.__init__
    monkeypatch.setattr(WebSocket, "__init__", init)
    monkeypatch.setattr(WebSocket, "__hash__", object.__hash__)
    monkeypatch.setattr(WebSocket, "send", send)
    transport = BackendWebsocketTransport()
    async with serving(app_with(WebSocket, transport), ws=ws) as server:
        assert await is_served(server, transport)


async def test_a_socket_with_a_send_of_its_own_sees_everything() -> None:
    transport = BackendWebsocketTransport()
    app = app_with(Looking, transport)
    async with serving(app) as server, WebsocketClient.to(server, "alice") as alice:
        transport.broadcast(note(1))
        assert await alice.number() == 1
        transport.close_sockets_for_session(ALICE_SESSION)
        assert await alice.closed() == Close(4001, "Session revoked")
    assert app.state.seen == ["websocket.accept", "websocket.send", "websocket.close"]
