"""WebSockets of Starlette behind uvicorn: what is sent to peers, and how they are closed."""

from __future__ import annotations

import pytest
from anyio import CancelScope, create_task_group
from anyio.lowlevel import checkpoint

from gatecast.ports.ending import Ending
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import websocket_app
from tests.support.clients import Close, WebsocketClient
from tests.support.people import ALICE, ALICE_SESSION, is_alice, note
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def test_a_broadcast_reaches_those_whom_the_rule_picks(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
        WebsocketClient.to(server, "bob") as bob,
    ):
        assert transport.broadcast_filtered(note(1), is_alice) == 1
        assert transport.broadcast(note(2)) == 2
        assert [await alice.number(), await alice.number()] == [1, 2]
        assert await bob.number() == 2


async def test_broadcasts_within_one_turn_keep_their_order(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        for number in range(100):
            transport.broadcast(note(number))
        assert [await alice.number() for _ in range(100)] == list(range(100))


async def test_a_spread_broadcast_keeps_its_place_among_others(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
        WebsocketClient.to(server, "alice-phone") as phone,
        WebsocketClient.to(server, "bob") as bob,
    ):
        async with create_task_group() as tasks:
            tasks.start_soon(lambda: transport.broadcast_spread(note(1), batch=1))
            tasks.start_soon(lambda: transport.broadcast_spread(note(2), is_alice, batch=1))
            await checkpoint()
            transport.broadcast(note(3))
        assert [await alice.number() for _ in range(3)] == [1, 2, 3]
        assert [await phone.number() for _ in range(3)] == [1, 2, 3]
        assert [await bob.number() for _ in range(2)] == [1, 3]


async def test_a_broadcaster_that_is_cancelled_disturbs_no_connection(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
        WebsocketClient.to(server, "bob") as bob,
    ):
        with CancelScope() as scope:
            scope.cancel()
            await transport.broadcast_spread(note(1), batch=1)
        transport.broadcast(note(2))
        assert [await alice.number(), await alice.number()] == [1, 2]
        assert await bob.number() == 2


async def test_a_client_that_leaves_is_removed(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with WebsocketClient.to(server, "alice"):
            assert transport.get_connection_count() == 1
        await until(lambda: not transport.is_ready(), "the connection to be removed")
        await server.is_idle()


async def test_a_revoked_client_is_told_so_and_receives_nothing_more(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        assert transport.close_sockets_for_session(ALICE_SESSION) == 1
        assert transport.broadcast(note(1)) == 0
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


async def test_a_close_overtakes_what_was_sent_in_the_same_turn(ws: str) -> None:
    transport = BackendWebsocketTransport(in_place=False)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        assert transport.broadcast(note(1)) == 1
        transport.close_sockets_for_session(ALICE_SESSION)
        assert await alice.closed() == Close(4001, "Session revoked")


async def test_of_two_closes_at_once_the_first_one_counts(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        (connection,) = transport.get_connections()
        connection.handle.close(Ending.by_app(4100, "first"))
        connection.handle.close(Ending.by_app(4200, "second"))
        transport.close_sockets_for_account(ALICE)
        assert await alice.closed() == Close(4100, "first")
        await server.is_idle()


async def test_a_handle_that_was_closed_by_its_peer_can_still_be_closed(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with WebsocketClient.to(server, "alice"):
            (connection,) = transport.get_connections()
        await server.is_idle()
        connection.handle.close(Ending.by_app(4001, "too late"))
        assert transport.close_sockets_for_session(ALICE_SESSION) == 0
