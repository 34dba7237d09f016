"""The schedule by itself: its timer, its memory, and a wall clock that is set."""

import math
from dataclasses import dataclass
from uuid import uuid4

import pytest

from gatecast.connections._expiry import Expiry, expiry_of
from gatecast.connections.connection import Connection
from gatecast.errors import InvalidExpiryError
from gatecast.identity.ids import ConnectionId
from tests.core.fakes import World

Scheduled = Connection[str, str]


@dataclass
class Dated:
    expires_at: object


class Schedule:
    """An `Expiry` that takes what is due as soon as it is told."""

    def __init__(self) -> None:
        self.world = World()
        self.expiry: Expiry[str, str] = Expiry(self.world.runtime, self._take)
        self.closed: list[str] = []

    def _take(self) -> None:
        self.closed += [connection.identity for connection in self.expiry.pop_due()]

    def add(self, name: str, instant: float | None) -> Scheduled:
        connection = Connection(ConnectionId(uuid4()), "handle", name)
        self.expiry.add(connection, instant)
        return connection

    @property
    def rings(self) -> list[float]:
        return [when for when, _ in self.world.timers]


@pytest.mark.parametrize("instant", ["1700000000", True, math.nan, 10**400, object()])
def test_an_expiry_that_would_never_come_is_refused(instant: object) -> None:
    with pytest.raises(InvalidExpiryError) as caught:
        expiry_of(Dated(instant))
    assert caught.value.expires_at is instant


@pytest.mark.parametrize(
    ("identity", "instant"),
    [(object(), None), (Dated(None), None), (Dated(5), 5.0), (Dated(math.inf), math.inf)],
)
def test_an_expiry_is_read_from_any_identity_that_has_one(
    identity: object, instant: float | None
) -> None:
    assert expiry_of(identity) == instant


def test_each_connection_comes_due_at_its_own_instant() -> None:
    schedule = Schedule()
    for name, instant in {"c": 1030.0, "a": 1010.0, "never": None, "b": 1010.0}.items():
        schedule.add(name, instant)
    schedule.world.pass_time(9.0)
    assert schedule.closed == []
    schedule.world.pass_time(1.0)
    assert schedule.closed == ["a", "b"]
    schedule.world.pass_time(20.0)
    assert schedule.closed == ["a", "b", "c"]
    assert schedule.rings == []


def test_there_is_one_timer_for_the_earliest() -> None:
    schedule = Schedule()
    for instant in (1030.0, 1020.0, 1010.0, 1040.0):
        schedule.add("x", instant)
    assert schedule.rings == [1010.0]


def test_no_timer_runs_for_longer_than_a_minute() -> None:
    schedule = Schedule()
    schedule.add("far", 1150.0)
    assert schedule.rings == [1060.0]
    schedule.world.pass_time(149.0)
    assert schedule.closed == []
    schedule.world.pass_time(1.0)
    assert schedule.closed == ["far"]


def test_nothing_scheduled_means_no_timer() -> None:
    schedule = Schedule()
    connections = [schedule.add("x", 1000.0 + number) for number in range(10)]
    for connection in connections:
        schedule.expiry.discard(connection)
        schedule.expiry.discard(connection)
    assert schedule.rings == []


def test_a_timer_that_rings_for_somebody_gone_goes_on_to_the_next() -> None:
    schedule = Schedule()
    gone = schedule.add("gone", 1010.0)
    schedule.add("next", 1020.0)
    schedule.expiry.discard(gone)
    schedule.world.pass_time(10.0)
    assert (schedule.closed, schedule.rings) == ([], [1020.0])


def test_one_that_leaves_does_not_take_its_companions_along() -> None:
    schedule = Schedule()
    first, _ = schedule.add("first", 1010.0), schedule.add("second", 1010.0)
    schedule.expiry.discard(first)
    schedule.world.pass_time(10.0)
    assert schedule.closed == ["second"]


def test_an_instant_may_be_left_and_come_back_to() -> None:
    schedule = Schedule()
    schedule.add("keeper", 1005.0)
    for _ in range(3):
        connection = schedule.add("x", 1010.0)
        schedule.expiry.discard(connection)
        schedule.expiry.add(connection, 1010.0)
        schedule.expiry.discard(connection)
    schedule.add("back", 1010.0)
    schedule.world.pass_time(10.0)
    assert schedule.closed == ["keeper", "back"]


def test_a_wall_clock_that_is_set_forward_is_noticed_within_a_minute() -> None:
    schedule = Schedule()
    schedule.add("x", 5000.0)
    schedule.world.wall_clock_is_ahead = 4000.0
    schedule.world.pass_time(60.0)
    assert schedule.closed == ["x"]


def test_a_wall_clock_that_is_set_forward_does_not_delay_who_comes_then() -> None:
    schedule = Schedule()
    schedule.add("x", 9000.0)
    schedule.world.wall_clock_is_ahead = 30.0
    schedule.add("soon", 1070.0)
    schedule.world.pass_time(40.0)
    assert schedule.closed == ["soon"]


def test_a_wall_clock_that_is_set_back_closes_nobody_early() -> None:
    schedule = Schedule()
    schedule.add("x", 1030.0)
    schedule.world.wall_clock_is_ahead = -100.0
    schedule.world.pass_time(129.0)
    assert schedule.closed == []
    schedule.world.pass_time(1.0)
    assert schedule.closed == ["x"]


def test_a_timer_that_ended_with_its_event_loop_is_replaced() -> None:
    schedule = Schedule()
    schedule.add("old", 1010.0)
    schedule.world.timers.clear()
    schedule.world.pass_time(11.0)
    schedule.add("new", 1090.0)
    schedule.world.pass_time(0.0)
    assert schedule.closed == ["old"]


def test_what_is_remembered_is_bounded_by_what_is_scheduled() -> None:
    schedule = Schedule()
    schedule.add("stays", 9000.0)
    for number in range(1000):
        schedule.expiry.discard(schedule.add("x", 2000.0 + number))
        assert schedule.expiry.remembered <= 3
