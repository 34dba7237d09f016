import pytest

from gatecast.connections.caps import Cap
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import (
    AdmissionRevokedError,
    CapReachedError,
    DuplicateHandleError,
    InvalidLimitError,
    UnknownIndexError,
)
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, FakeHandle, World, daemon, note, session

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]

REPLACED = [(4429, "Replaced by a newer connection")]
ROOM = Index[ConnectionIdentity, str]("room", str, lambda _: "hall")


def capped(*caps: Cap[ConnectionIdentity]) -> Transport:
    return World().transport(caps=caps)


def connect(transport: Transport, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def test_the_oldest_connection_makes_room() -> None:
    transport = capped(Cap(ACCOUNT, 2))
    handles = connect(transport, daemon(), daemon(BOB), daemon(), daemon(), daemon())
    assert [handle.closes for handle in handles] == [REPLACED, [], REPLACED, [], []]
    assert transport.send_to_account(ALICE, note(0)) == 2


def test_a_cap_may_refuse_the_new_one_instead() -> None:
    transport = capped(Cap(ACCOUNT, 1, when_reached="refuse"))
    (first,) = connect(transport, daemon())
    with pytest.raises(CapReachedError) as caught:
        transport.add_connection(FakeHandle(), daemon())
    assert (caught.value.index, caught.value.limit) == ("account", 1)
    refused = FakeHandle()
    assert transport.adapter.let_in(refused, daemon(), transport.admit()) is None
    assert (first.closes, refused.closes) == ([], [(4429, "Too many connections")])
    transport.remove_connection(first)
    transport.add_connection(refused, daemon())


def test_what_has_no_key_is_not_counted() -> None:
    transport = capped(Cap(API_TOKEN, 1, when_reached="refuse"))
    connect(transport, daemon(), daemon(), session("s"))
    assert transport.get_connection_count() == 3


def test_a_connection_that_leaves_for_one_cap_is_not_counted_by_the_next() -> None:
    transport = capped(Cap(SESSION, 1), Cap(ACCOUNT, 2))
    first, second, third = connect(transport, session("a"), session("b"), session("b"))
    assert (first.closes, second.closes, third.closes) == ([], REPLACED, [])


def test_a_connection_that_has_to_go_for_two_caps_is_closed_once() -> None:
    transport = capped(Cap(SESSION, 1), Cap(ACCOUNT, 1))
    first, _ = connect(transport, session("a"), session("a"))
    assert first.closes == REPLACED


def test_a_cap_that_refuses_keeps_the_others_from_closing_anything() -> None:
    transport = capped(Cap(SESSION, 1), Cap(ACCOUNT, 2, when_reached="refuse"))
    handles = connect(transport, session("a"), session("b"))
    with pytest.raises(CapReachedError):
        transport.add_connection(FakeHandle(), session("c"))
    transport.add_connection(FakeHandle(), session("b"))
    assert [handle.closes for handle in handles] == [[], REPLACED]


def test_whoever_is_refused_replaces_nobody() -> None:
    transport = capped(Cap(ACCOUNT, 1))
    (handle,) = connect(transport, daemon())
    with pytest.raises(DuplicateHandleError):
        transport.add_connection(handle, daemon())
    with transport.admit() as admission:
        transport.close_where(lambda identity: identity.token_hash is not None)
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(FakeHandle(), session("s"), admission=admission)
    assert handle.closes == []


def test_a_connection_that_has_expired_takes_nobodys_place_although_its_timer_is_late() -> None:
    world = World()
    transport = world.transport(caps=[Cap(ACCOUNT, 1, when_reached="refuse")])
    overdue = FakeHandle()
    transport.add_connection(overdue, ConnectionIdentity(ALICE, expires_at=world.now + 5))
    world.wall_clock_is_ahead = 5
    connect(transport, daemon())
    assert overdue.closes == [(4001, "Credential expired")]


def test_whoever_is_replaced_finds_the_new_one_registered() -> None:
    transport = capped(Cap(ACCOUNT, 1))
    (first,) = connect(transport, daemon())
    first.on_close = lambda: transport.broadcast(note(0))
    (second,) = connect(transport, daemon())
    assert (first.numbers, second.numbers) == ([], [0])


def test_a_replaced_connection_may_come_back_at_once() -> None:
    transport = capped(Cap(ACCOUNT, 1))
    (first,) = connect(transport, daemon())
    first.on_close = lambda: transport.add_connection(first, daemon())
    (second,) = connect(transport, daemon())
    assert (first.closes, second.closes) == (REPLACED, REPLACED)
    assert transport.get_connection_count() == 1


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_cap_below_one_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimitError):
        Cap(ACCOUNT, limit)


def test_a_cap_on_an_index_that_is_not_declared_is_refused_at_once() -> None:
    with pytest.raises(UnknownIndexError):
        capped(Cap(ROOM, 1))
    World().transport(indexes=[ROOM], caps=[Cap(ROOM, 1)])


def test_later_changes_to_the_sequence_of_caps_have_no_effect() -> None:
    caps = [Cap(ACCOUNT, 1)]
    transport = World().transport(caps=caps)
    caps.clear()
    connect(transport, daemon(), daemon())
    assert transport.get_connection_count() == 1
