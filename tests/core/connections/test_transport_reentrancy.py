"""Callbacks into the transport from predicates, sends and closes (BRD-6)."""

from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import TokenHash
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, FakeHandle, World, daemon, is_alice, note, session

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]


def connect(transport: Transport, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def numbers(handles: list[FakeHandle]) -> list[list[object]]:
    return [handle.numbers for handle in handles]


def test_a_send_that_broadcasts_keeps_the_order_for_everyone() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(), daemon(), daemon())
    counts: list[int] = []

    def answer() -> None:
        handles[1].on_send = list
        counts.append(transport.broadcast(note(1)))

    handles[1].on_send = answer
    assert transport.broadcast(note(0)) == 3
    assert counts == [3]
    assert numbers(handles) == [[0, 1]] * 3


def test_a_send_that_revokes_those_who_follow_keeps_the_message_from_them() -> None:
    transport = World().transport()
    handles = connect(transport, session("a", BOB), session("s"), daemon(BOB), session("s"))
    handles[0].on_send = lambda: transport.close_sockets_for_session(TokenHash("s"))
    assert transport.broadcast(note(0)) == 2
    assert numbers(handles) == [[0], [], [0], []]


def test_a_send_that_connects_somebody_does_not_send_to_them() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    late = FakeHandle()
    handle.on_send = lambda: transport.add_connection(late, daemon())
    assert transport.broadcast(note(0)) == 1
    assert late.numbers == []


def test_a_send_that_removes_its_own_handle_was_still_accepted() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(), daemon())
    handles[0].on_send = lambda: transport.remove_connection(handles[0])
    assert transport.broadcast(note(0)) == 2
    assert transport.get_connection_count() == 1


def test_a_predicate_that_revokes_keeps_the_message_from_the_revoked() -> None:
    def revoking(identity: ConnectionIdentity) -> bool:
        transport.close_sockets_for_account(BOB)
        return True

    transport = World().transport()
    handles = connect(transport, daemon(BOB), daemon(ALICE), daemon(BOB))
    assert transport.broadcast_filtered(note(0), revoking) == 1
    assert numbers(handles) == [[], [0], []]


def test_a_predicate_that_broadcasts_does_so_before_its_own_message() -> None:
    def answering(identity: ConnectionIdentity) -> bool:
        transport.broadcast(note(1))
        return True

    transport = World().transport()
    (handle,) = connect(transport, daemon())
    assert transport.broadcast_filtered(note(0), answering) == 1
    assert handle.numbers == [1, 0]


def test_a_predicate_of_a_revocation_may_connect_and_remove() -> None:
    def meddling(identity: ConnectionIdentity) -> bool:
        transport.remove_connection(handles[1])
        transport.add_connection(FakeHandle(), daemon(BOB))
        return identity.account_id == ALICE

    transport = World().transport()
    handles = connect(transport, daemon(), daemon(), daemon())
    assert transport.close_where(meddling) == 2
    assert [len(handle.closes) for handle in handles] == [1, 0, 1]
    assert transport.get_connection_count() == 3


def test_a_close_finds_everyone_who_is_being_closed_gone_already() -> None:
    found: list[int] = []

    def look() -> None:
        found.append(transport.get_connection_count())
        found.append(transport.broadcast(note(0)))
        found.append(transport.close_sockets_for_account(ALICE))

    transport = World().transport()
    handles = connect(transport, daemon(), daemon())
    for handle in handles:
        handle.on_close = look
    assert transport.close_sockets_for_account(ALICE) == 2
    assert found == [0] * 6
    assert [len(handle.closes) for handle in handles] == [1, 1]


def test_a_close_may_register_its_handle_again() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon(ALICE))
    handle.on_close = lambda: transport.add_connection(handle, daemon(BOB))
    assert transport.close_where(is_alice) == 1
    assert transport.broadcast(note(0)) == 1


def test_a_send_that_rotates_those_who_follow_completes_the_broadcast_first() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(ALICE), daemon(ALICE))
    second = transport.get_connections()[1].id

    def rotate() -> None:
        handles[0].on_send = list
        transport.rotate_identity(second, daemon(BOB))
        transport.broadcast_filtered(note(1), is_alice)

    handles[0].on_send = rotate
    assert transport.broadcast_filtered(note(0), is_alice) == 2
    assert numbers(handles) == [[0, 1], [0]]
