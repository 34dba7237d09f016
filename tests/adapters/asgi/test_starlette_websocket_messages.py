"""WebSockets of Starlette behind uvicorn: what peers send, and what the app answers."""

from __future__ import annotations

import logging

import anyio
import pytest
from starlette.exceptions import HTTPException

from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import (
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
    notification,
    response,
)
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming
from tests.support.apps import websocket_app
from tests.support.clients import Close, WebsocketClient
from tests.support.people import ALICE, ALICE_SESSION, note
from tests.support.uvicorn_server import serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

NOTIFICATION = '{"jsonrpc": "2.0", "method": "tell"}'


def request(number: int) -> str:
    return f'{{"jsonrpc": "2.0", "id": {number}, "method": "ask"}}'


async def echo(
    incoming: Incoming[ConnectionIdentity],
) -> JsonrpcMessageFromServerToClient | None:
    message = incoming.message
    if isinstance(message, JsonrpcErrorResponse):
        return message
    if isinstance(message, JsonrpcRequest):
        return response(message.id, {"account": str(incoming.identity.account_id)})
    return notification("told", {"connection": str(incoming.connection_id)})


async def test_what_the_app_returns_is_sent_to_the_peer(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport, on_message=echo), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        (connection,) = transport.get_connections()
        await alice.send(request(1))
        assert (await alice.receive())["result"] == {"account": str(ALICE)}
        await alice.send(NOTIFICATION)
        assert (await alice.receive())["params"] == {"connection": str(connection.id)}
        await alice.send("no JSON")
        assert (await alice.receive())["id"] is None


async def test_messages_of_one_peer_are_handled_one_after_another(ws: str, in_place: bool) -> None:
    under_way = 0

    async def on_message(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        return await echo(incoming)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport, on_message=on_message), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        for number in range(20):
            await alice.send(request(number))
        assert [(await alice.receive())["id"] for _ in range(20)] == list(range(20))


async def test_without_a_handler_requests_are_refused_and_notifications_ignored(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(NOTIFICATION)
        await alice.send(request(7))
        refusal = await alice.receive()
        assert (refusal["id"], _code(refusal)) == (7, -32601)
        await alice.send("no JSON")
        assert _code(await alice.receive()) == -32700


async def test_what_the_handler_raises_closes_with_1011_and_is_logged_once(
    ws: str, in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        raise LookupError("a bug of the app")

    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport, on_message=on_message), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
        WebsocketClient.to(server, "bob") as bob,
    ):
        await alice.send(NOTIFICATION)
        assert await alice.closed() == Close(1011, "Internal error")
        assert transport.broadcast(note(1)) == 1
        assert await bob.number() == 1
    assert [type(error) for error in _logged_errors(caplog)] == [LookupError]
    caplog.clear()


async def test_an_http_exception_of_the_handler_is_a_bug_like_any_other(
    ws: str, in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        raise HTTPException(404)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport, on_message=on_message), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(NOTIFICATION)
        assert await alice.closed() == Close(1011, "Internal error")
    assert len(_logged_errors(caplog)) == 1
    caplog.clear()


async def test_a_revoked_peer_gets_no_answer_and_is_not_heard_any_more(
    ws: str, in_place: bool
) -> None:
    asked, revoked = anyio.Event(), anyio.Event()
    heard: list[object] = []

    async def on_message(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        heard.append(incoming.message)
        asked.set()
        await revoked.wait()
        return await echo(incoming)

    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport, on_message=on_message), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(request(1))
        await alice.send(request(2))
        await asked.wait()
        transport.close_sockets_for_session(ALICE_SESSION)
        revoked.set()
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()
    assert len(heard) == 1


async def test_a_handler_that_takes_too_long_is_cancelled_when_its_revoked_peer_is_given_up(
    ws: str, in_place: bool
) -> None:
    asked, cancelled = anyio.Event(), anyio.Event()

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    transport = BackendWebsocketTransport(in_place=in_place, close_timeout=0.05)
    async with (
        serving(websocket_app(transport, on_message=on_message), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(NOTIFICATION)
        await asked.wait()
        transport.close_sockets_for_session(ALICE_SESSION)
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()
        assert cancelled.is_set()


async def test_a_handler_may_revoke_the_peer_that_it_hears(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)

    async def log_out(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        transport.close_sockets_for_account(incoming.identity.account_id)
        return await echo(incoming)

    async with (
        serving(websocket_app(transport, on_message=log_out), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(request(1))
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


def _code(message: dict[str, object]) -> object:
    return JsonrpcErrorResponse.from_members(message).error.code


def _logged_errors(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.exc_info[1] if record.exc_info else None for record in errors]
