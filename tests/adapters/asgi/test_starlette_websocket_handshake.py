"""WebSockets of Starlette behind uvicorn: who is let in, and how the others are told."""

from __future__ import annotations

import logging
from typing import cast

import anyio
import pytest
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from gatecast.identity.ids import AccountId
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import websocket_app
from tests.support.clients import Close, WebsocketClient
from tests.support.people import ALICE_SESSION, identify, note
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


class WithoutDenial:
    """A server that can't answer a handshake with an HTTP status of the app's choice."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {}
        await self.app(scope, receive, send)


async def refused(server: UvicornServer, name: str, *, origin: str | None = None) -> InvalidStatus:
    with anyio.fail_after(PATIENCE), pytest.raises(InvalidStatus) as caught:
        async with WebsocketClient.to(server, name, origin=origin):
            pass
    await server.is_idle()
    return caught.value


async def test_who_is_not_identified_gets_401_before_the_upgrade(ws: str) -> None:
    async with serving(websocket_app(BackendWebsocketTransport()), ws=ws) as server:
        answer = (await refused(server, "nobody")).response
        assert (answer.status_code, answer.body) == (401, b"Not authenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_http_exception_of_identify_is_the_answer(ws: str) -> None:
    async def blocked(websocket: WebSocket) -> None:
        raise HTTPException(429, "Later", headers={"Retry-After": "7"})

    app = websocket_app(BackendWebsocketTransport(), identify=blocked)
    async with serving(app, ws=ws) as server:
        answer = (await refused(server, "alice")).response
        assert (answer.status_code, answer.body) == (429, b"Later")
        assert answer.headers["Retry-After"] == "7"


async def test_a_websocket_exception_of_identify_refuses_with_403(ws: str) -> None:
    async def blocked(websocket: WebSocket) -> None:
        raise WebSocketException(1008)

    app = websocket_app(BackendWebsocketTransport(), identify=blocked)
    async with serving(app, ws=ws) as server:
        assert (await refused(server, "alice")).response.status_code == 403


async def test_a_bug_in_identify_is_an_internal_server_error(
    ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(websocket: WebSocket) -> None:
        raise LookupError("a bug of the app")

    app = websocket_app(BackendWebsocketTransport(), identify=broken)
    async with serving(app, ws=ws) as server:
        assert (await refused(server, "alice")).response.status_code == 500
    assert [type(error) for error in logged_errors(caplog)] == [LookupError]
    caplog.clear()


@pytest.mark.parametrize("status", [401, 429])
async def test_without_the_extension_a_refusal_is_a_403(ws: str, status: int) -> None:
    async def refuse(websocket: WebSocket) -> None:
        if status != 401:
            raise HTTPException(status)

    app = websocket_app(
        BackendWebsocketTransport(), identify=refuse, middleware=[Middleware(WithoutDenial)]
    )
    async with serving(app, ws=ws) as server:
        assert (await refused(server, "alice")).response.status_code == 403


async def test_a_page_of_a_foreign_origin_is_refused_before_it_is_identified(ws: str) -> None:
    asked: list[WebSocket] = []

    async def note_and_identify(websocket: WebSocket) -> ConnectionIdentity | None:
        asked.append(websocket)
        return await identify(websocket)

    app = websocket_app(BackendWebsocketTransport(), identify=note_and_identify)
    async with serving(app, ws=ws) as server:
        answer = (await refused(server, "alice", origin="https://evil.example")).response
        assert (answer.status_code, answer.body) == (403, b"Origin not allowed")
    assert asked == []


@pytest.mark.parametrize("origin", [None, "same", "https://app.example"])
async def test_a_page_of_an_allowed_origin_is_let_in(ws: str, origin: str | None) -> None:
    transport = BackendWebsocketTransport(allowed_origins=["https://app.example"])
    async with serving(websocket_app(transport), ws=ws) as server:
        if origin == "same":
            origin = server.http_url
        async with WebsocketClient.to(server, "alice", origin=origin) as alice:
            transport.broadcast(note(1))
            assert await alice.number() == 1


async def test_the_subprotocol_that_the_app_picks_is_agreed_on(ws: str) -> None:
    transport = BackendWebsocketTransport()

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await transport.serve(websocket, identify=identify, subprotocol="second")

    async with (
        serving(endpoint, ws=ws) as server,
        connect(
            f"{server.ws_url}/?as=alice",
            subprotocols=[Subprotocol("first"), Subprotocol("second")],
            proxy=None,
        ) as connection,
    ):
        assert connection.subprotocol == "second"


async def test_an_identity_with_a_key_of_the_wrong_type_is_a_bug_of_the_app(
    ws: str, in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def from_a_row(websocket: WebSocket) -> ConnectionIdentity:
        # What a caller without a type checker may well pass.
        return ConnectionIdentity(cast(AccountId, "0000000a-..."), ALICE_SESSION)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport, identify=from_a_row), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        assert await alice.closed() == Close(1011, "Internal error")
        assert not transport.is_ready()
    (error,) = logged_errors(caplog)
    assert "index 'account' has keys of type UUID, not str" in str(error)
    caplog.clear()


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.exc_info[1] if record.exc_info else None for record in errors]
