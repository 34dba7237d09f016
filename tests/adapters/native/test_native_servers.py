"""The native servers: what is sent to peers, and how they are closed."""

from __future__ import annotations

import gc

import pytest
from anyio import CancelScope, create_task_group, to_thread
from anyio.lowlevel import checkpoint

from gatecast.errors import InvalidLimitError, WrongThreadError
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters._native.handle import NativeHandle
from tests.support.clients import Close
from tests.support.native_servers import Serving
from tests.support.people import ALICE, ALICE_SESSION, is_alice, note

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def test_a_broadcast_reaches_those_whom_the_rule_picks(serving: Serving) -> None:
    async with (
        serving() as server,
        server.client("alice") as alice,
        server.client("bob") as bob,
    ):
        assert server.transport.broadcast_filtered(note(1), is_alice) == 1
        assert server.transport.broadcast(note(2)) == 2
        assert [await alice.number(), await alice.number()] == [1, 2]
        assert await bob.number() == 2


@pytest.mark.parametrize("padding", [0, 1000, 70_000])
async def test_broadcasts_within_one_turn_keep_their_order(serving: Serving, padding: int) -> None:
    async with serving() as server, server.client("alice") as alice:
        for number in range(50):
            server.transport.broadcast(note(number, padding * (number % 3)))
        assert [await alice.number() for _ in range(50)] == list(range(50))


async def test_a_burst_longer_than_the_outbox_is_no_sign_of_a_slow_peer(serving: Serving) -> None:
    async with (
        serving(limits=OutboxLimits(max_messages=4)) as server,
        server.client("alice") as alice,
    ):
        for number in range(100):
            assert server.transport.broadcast(note(number)) == 1
        assert [await alice.number() for _ in range(100)] == list(range(100))


async def test_a_spread_broadcast_keeps_its_place_among_others(serving: Serving) -> None:
    async with (
        serving() as server,
        server.client("alice") as alice,
        server.client("bob") as bob,
    ):
        transport = server.transport
        async with create_task_group() as tasks:
            tasks.start_soon(lambda: transport.broadcast_spread(note(1), batch=1))
            await checkpoint()
            transport.broadcast(note(2))
        assert [await alice.number(), await alice.number()] == [1, 2]
        assert [await bob.number(), await bob.number()] == [1, 2]


async def test_a_broadcaster_that_is_cancelled_disturbs_no_connection(serving: Serving) -> None:
    async with (
        serving() as server,
        server.client("alice") as alice,
        server.client("bob") as bob,
    ):
        with CancelScope() as scope:
            scope.cancel()
            await server.transport.broadcast_spread(note(1), batch=1)
        server.transport.broadcast(note(2))
        assert [await alice.number(), await alice.number()] == [1, 2]
        assert await bob.number() == 2


async def test_a_client_that_leaves_is_removed(serving: Serving) -> None:
    async with serving() as server:
        async with server.client("alice"):
            assert server.transport.get_connection_count() == 1
        await server.is_idle()


async def test_a_revoked_client_is_told_so_and_receives_nothing_more(serving: Serving) -> None:
    async with serving() as server, server.client("alice") as alice:
        assert server.transport.close_sockets_for_session(ALICE_SESSION) == 1
        assert server.transport.broadcast(note(1)) == 0
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


async def test_a_close_overtakes_what_is_held_back_in_the_same_turn(serving: Serving) -> None:
    async with serving() as server, server.client("alice") as alice:
        for number in range(3):
            assert server.transport.broadcast(note(number)) == 1
        assert server.transport.close_sockets_for_session(ALICE_SESSION) == 1
        assert await alice.number() == 0
        assert await alice.closed() == Close(4001, "Session revoked")


async def test_of_two_closes_at_once_the_first_one_counts(serving: Serving) -> None:
    async with serving() as server, server.client("alice") as alice:
        (connection,) = server.transport.get_connections()
        connection.handle.close(Ending.by_app(4100, "first"))
        connection.handle.close(Ending.by_app(4200, "second"))
        server.transport.close_sockets_for_account(ALICE)
        assert await alice.closed() == Close(4100, "first")
        await server.is_idle()


async def test_a_handle_that_was_closed_by_its_peer_can_still_be_closed(serving: Serving) -> None:
    async with serving() as server:
        async with server.client("alice"):
            (connection,) = server.transport.get_connections()
        await server.is_idle()
        connection.handle.close(Ending.by_app(4001, "too late"))
        assert server.transport.close_sockets_for_session(ALICE_SESSION) == 0


async def test_draining_lets_what_waits_go_out_and_closes_with_1001(serving: Serving) -> None:
    async with serving() as server, server.client("alice") as alice:
        for number in range(3):
            server.transport.broadcast(note(number))
        assert await server.transport.drain() == 1
        assert [await alice.number() for _ in range(3)] == [0, 1, 2]
        assert await alice.closed() == Close(1001, "Going away")
        await server.is_idle()


async def test_a_connection_that_was_closed_leaves_nothing_behind(serving: Serving) -> None:
    before = _count_handles()
    async with serving() as server:
        async with server.client("alice") as alice:
            server.transport.broadcast(note(1))
            assert await alice.number() == 1
            server.transport.close_sockets_for_session(ALICE_SESSION)
            await alice.closed()
        await server.is_idle()
        # Least of all the timer of the deadline that the close had.
        assert _count_handles() == before


async def test_a_call_from_another_thread_is_refused(serving: Serving) -> None:
    async with serving() as server, server.client("alice") as alice:
        with pytest.raises(WrongThreadError):
            await to_thread.run_sync(server.transport.broadcast, note(1))
        server.transport.broadcast(note(2))
        assert await alice.number() == 2


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
async def test_a_close_timeout_must_be_above_zero(serving: Serving, seconds: float) -> None:
    with pytest.raises(InvalidLimitError, match="close_timeout"):
        async with serving(close_timeout=seconds):
            pass


def _count_handles() -> int:
    gc.collect()
    # Of its type, since some of all objects are proxies of what is gone.
    return sum(issubclass(type(each), NativeHandle) for each in gc.get_objects())
