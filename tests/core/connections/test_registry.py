import weakref
from dataclasses import dataclass
from uuid import UUID

import pytest

from gatecast.connections._registry import KeyTable, Registry
from gatecast.connections.connection import Connection
from gatecast.errors import (
    DuplicateHandleError,
    DuplicateIdError,
    InvalidKeyError,
    UnknownIndexError,
)
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import Index
from gatecast.ports.ending import Ending


@dataclass(frozen=True)
class Device:
    serial: str | None
    room: str | None = None


Member = Connection[object, Device]

SERIAL = Index[Device, str]("serial", str, lambda device: device.serial)
ROOM = Index[Device, str]("room", str, lambda device: device.room)


class Handle:
    """Just any object."""


def member(number: int, device: Device, handle: object = None) -> Member:
    handle = Handle() if handle is None else handle
    return Connection(ConnectionId(UUID(int=number)), handle, device)


def registry(*members: Member) -> Registry[object, Device]:
    made = Registry[object, Device]((SERIAL, ROOM))
    for each in members:
        made.add(each)
    return made


def test_a_connection_is_found_by_id_by_handle_and_by_every_key() -> None:
    one = member(1, Device("a", "lobby"))
    held = registry(one, member(2, Device("b", "attic")))
    assert held.by_id(one.id) is one
    assert held.by_handle(one.handle) is one
    assert held.matching(SERIAL, "a") == [one]
    assert held.matching(ROOM, "lobby") == [one]


def test_what_is_not_registered_is_not_found() -> None:
    held = registry()
    assert held.by_id(ConnectionId(UUID(int=1))) is None
    assert held.by_handle(object()) is None
    assert held.matching(SERIAL, "a") == []


def test_connections_under_one_key_are_found_oldest_first() -> None:
    members = [member(number, Device(str(number), "lobby")) for number in range(5)]
    held = registry(*members)
    assert held.matching(ROOM, "lobby") == members
    assert held.all() == members


def test_none_is_no_key() -> None:
    held = registry(member(1, Device(None)), member(2, Device("a")))
    assert held.matching(SERIAL, None) == []
    assert held.matching(ROOM, None) == []


def test_a_later_change_does_not_show_in_what_was_found() -> None:
    one, two = member(1, Device("a", "lobby")), member(2, Device("b", "lobby"))
    held = registry(one, two)
    everyone, lobby, identities = held.all(), held.matching(ROOM, "lobby"), held.identities()
    held.rotate(two, Device("c", "attic"))
    held.remove(one, Ending.GONE)
    assert everyone == lobby == list(identities) == [one, two]
    assert list(identities.values()) == [Device("a", "lobby"), Device("b", "lobby")]
    assert held.identities() == {two: Device("c", "attic")}


def test_a_handle_is_told_apart_by_identity_and_needs_no_hash() -> None:
    first: list[str] = []
    second: list[str] = []
    held = registry(member(1, Device("a"), first))
    with pytest.raises(DuplicateHandleError) as raised:
        held.add(member(2, Device("b"), first))
    assert raised.value.handle is first
    held.add(member(2, Device("b"), second))
    assert len(held) == 2


def test_an_id_in_use_is_refused() -> None:
    held = registry(member(1, Device("a")))
    with pytest.raises(DuplicateIdError) as raised:
        held.add(member(1, Device("b")))
    assert raised.value.connection_id == UUID(int=1)


def test_an_addition_that_is_refused_leaves_no_trace() -> None:
    one = member(1, Device("a", "lobby"))
    held = registry(one)
    bad = Device("b", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    for refused in (
        member(2, Device("b", "lobby"), one.handle),
        member(1, Device("b", "lobby")),
        member(2, bad),
    ):
        with pytest.raises((DuplicateHandleError, DuplicateIdError, InvalidKeyError)):
            held.add(refused)
    assert held.all() == held.matching(ROOM, "lobby") == [one]
    assert held.matching(SERIAL, "b") == []


def test_removing_is_idempotent() -> None:
    one = member(1, Device("a"))
    held = registry(one)
    assert held.remove(one, Ending.GONE)
    assert not one.live
    assert not held.remove(one, Ending.GONE)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_connections_under_one_key_leave_in_any_order(order: tuple[int, ...]) -> None:
    members = [member(number, Device("same", "lobby")) for number in range(3)]
    held = registry(*members)
    for gone, number in enumerate(order, 1):
        held.remove(members[number], Ending.GONE)
        rest = [each for each in members if each.live]
        assert held.matching(SERIAL, "same") == held.all() == rest
        assert len(held) == 3 - gone


class Key(str):
    """A key that can be watched."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_has_left_is_held_by_nothing(count: int) -> None:
    members = [member(number, Device(Key("same"), Key("lobby"))) for number in range(count)]
    held = registry(*members)
    traces = [weakref.ref(each.handle) for each in members]
    traces += [weakref.ref(key) for each in members for key in each.keys]
    while members:
        held.remove(members.pop(), Ending.GONE)
    assert [trace() for trace in traces] == [None] * 3 * count


def test_what_a_rotation_replaced_is_held_by_nothing() -> None:
    one = member(1, Device(Key("a"), Key("lobby")))
    held = registry(one)
    traces = [weakref.ref(key) for key in one.keys]
    held.rotate(one, Device("b", "attic"))
    assert [trace() for trace in traces] == [None, None]


def test_a_changed_identity_does_not_keep_its_connection_from_leaving() -> None:
    device = Device("a", "lobby")
    one = member(1, device)
    held = registry(one)
    object.__setattr__(device, "serial", "b")
    held.remove(one, Ending.GONE)
    assert held.matching(SERIAL, "a") == held.matching(SERIAL, "b") == []


def test_rotation_finds_a_connection_under_its_new_keys_only() -> None:
    one = member(1, Device("a", "lobby"))
    held = registry(one)
    held.rotate(one, Device("b"))
    assert held.matching(SERIAL, "a") == held.matching(ROOM, "lobby") == []
    assert held.matching(SERIAL, "b") == [one]
    assert one.identity == Device("b")


def test_rotation_keeps_the_place_under_a_key_that_stays() -> None:
    one, two = member(1, Device("a", "lobby")), member(2, Device("b", "lobby"))
    held = registry(one, two)
    held.rotate(one, Device("c", "lobby"))
    assert held.matching(ROOM, "lobby") == [one, two]


def test_a_rotation_that_is_refused_changes_nothing() -> None:
    one = member(1, Device("a", "lobby"))
    held = registry(one)
    bad = Device("b", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(InvalidKeyError):
        held.rotate(one, bad)
    assert one.identity == Device("a", "lobby")
    assert held.matching(SERIAL, "a") == held.matching(ROOM, "lobby") == [one]


def test_an_index_that_is_declared_twice_counts_once() -> None:
    one = member(1, Device("a"))
    held = Registry[object, Device]((SERIAL, ROOM, SERIAL))
    held.add(one)
    held.rotate(one, Device("b"))
    assert held.matching(SERIAL, "b") == [one]
    held.remove(one, Ending.GONE)
    assert held.matching(SERIAL, "b") == []


def test_an_index_that_was_not_declared_is_an_error_that_names_those_that_were() -> None:
    undeclared = Index[Device, str]("colour", str, lambda device: None)
    with pytest.raises(
        UnknownIndexError, match=r"'colour' \(its indexes: serial, room\)"
    ) as raised:
        registry().matching(undeclared, "red")
    assert (raised.value.index, raised.value.known) == ("colour", ("serial", "room"))


def test_discarding_what_is_not_in_a_table_changes_nothing() -> None:
    table = KeyTable[object, Device](SERIAL)
    one, two, three = (member(number, Device("a")) for number in range(3))
    table.discard("a", one)
    table.add("a", one)
    table.discard("a", two)
    assert table.matching("a") == [one]
    table.add("a", two)
    table.discard("a", three)
    assert table.matching("a") == [one, two]


def test_a_connection_shows_who_it_is() -> None:
    assert repr(member(1, Device("a"))) == (
        "<Connection 00000000-0000-0000-0000-000000000001 of Device(serial='a', room=None)>"
    )
