"""`exclude`: every verb that takes it leaves out exactly that connection."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from gatecast.connections.group import TransportGroup
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import ACCOUNT
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, World, daemon, is_alice, note

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]
Target = Transport | TransportGroup[ConnectionIdentity]
Send = Callable[[Target, ConnectionId | None], int]

NOBODY = ConnectionId(UUID(int=7))

SENDS: dict[str, Send] = {
    "broadcast": lambda target, exclude: target.broadcast(HELLO, exclude=exclude),
    "broadcast_filtered": lambda target, exclude: target.broadcast_filtered(
        HELLO, is_alice, exclude=exclude
    ),
    "send_to_account": lambda target, exclude: target.send_to_account(
        ALICE, HELLO, exclude=exclude
    ),
}


def connected() -> tuple[Transport, list[FakeHandle], list[ConnectionId]]:
    transport = World().transport()
    handles = [FakeHandle() for _ in range(3)]
    ids = [transport.add_connection(handle, daemon(ALICE)) for handle in handles]
    return transport, handles, ids


@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_the_excluded_connection_alone_gets_nothing(send: Send) -> None:
    transport, handles, ids = connected()
    assert send(transport, ids[1]) == 2
    assert [len(handle.frames) for handle in handles] == [1, 0, 1]


def test_send_by_leaves_out_the_excluded_connection() -> None:
    transport, handles, ids = connected()
    assert transport.send_by(ACCOUNT, ALICE, HELLO, exclude=ids[0]) == 2
    assert [len(handle.frames) for handle in handles] == [0, 1, 1]


@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_a_group_leaves_out_the_excluded_connection_of_whichever_member(send: Send) -> None:
    (first, on_first, first_ids), (second, on_second, second_ids) = connected(), connected()
    group = TransportGroup("both", first, second)
    assert send(group, first_ids[0]) == 5
    assert send(group, second_ids[2]) == 5
    assert [len(handle.frames) for handle in on_first + on_second] == [1, 2, 2, 2, 2, 1]


@pytest.mark.parametrize("exclude", [None, NOBODY])
@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_excluding_nobody_who_is_connected_changes_nothing(
    send: Send, exclude: ConnectionId | None
) -> None:
    transport, handles, _ = connected()
    assert send(transport, exclude) == 3
    assert all(len(handle.frames) == 1 for handle in handles)


def test_excluding_somebody_whom_the_predicate_leaves_out_anyway_changes_nothing() -> None:
    transport, handles, _ = connected()
    bob = FakeHandle()
    excluded = transport.add_connection(bob, daemon(BOB))
    assert transport.broadcast_filtered(HELLO, is_alice, exclude=excluded) == 3
    assert [len(handle.frames) for handle in (*handles, bob)] == [1, 1, 1, 0]


def test_the_excluded_connection_still_gets_everything_else_in_order() -> None:
    transport, handles, ids = connected()
    transport.broadcast(note(0))
    transport.broadcast(note(1), exclude=ids[0])
    transport.broadcast(note(2))
    assert [handle.numbers for handle in handles] == [[0, 2], [0, 1, 2], [0, 1, 2]]
