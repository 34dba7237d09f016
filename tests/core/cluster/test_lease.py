"""The lease counts from the instant before a beat was sent, and ends by itself."""

import pytest

from gatecast.cluster._lease import Lease
from gatecast.errors import InvalidLimitError
from tests.core.fakes import World


class Leased:
    """A lease of ten seconds, in a world that stands still."""

    def __init__(self) -> None:
        self.world = World()
        self.ended_at: list[float] = []
        self.lease = Lease(self.world.runtime, 10, lambda: self.ended_at.append(self.age()))
        self._begin = self.world.now

    def age(self) -> float:
        return self.world.now - self._begin

    def beat(self, number: int, *, takes: float = 0) -> bool:
        """Send a beat that comes back after `takes` seconds."""
        self.lease.sent(number)
        self.world.pass_time(takes)
        return self.lease.renew(number)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_lease_is_above_zero(seconds: float) -> None:
    with pytest.raises(InvalidLimitError, match="lease"):
        Lease(World().runtime, seconds, lambda: None)


def test_a_lease_has_not_begun_before_a_beat_came_back() -> None:
    leased = Leased()
    assert leased.lease.ended
    assert leased.lease.age is None
    leased.lease.sent(1)
    assert leased.lease.ended


def test_it_counts_from_the_instant_before_the_beat_was_sent() -> None:
    leased = Leased()
    assert leased.beat(1, takes=3)
    assert leased.lease.age == 3
    leased.world.now += 6.9
    assert not leased.lease.ended
    leased.world.now += 0.1
    assert leased.lease.ended


def test_a_late_beat_renews_nothing() -> None:
    leased = Leased()
    assert not leased.beat(1, takes=10)
    assert leased.lease.ended
    assert leased.world.timers == []


def test_an_older_beat_that_comes_back_after_a_newer_one_renews_nothing() -> None:
    leased = Leased()
    leased.lease.sent(1)
    leased.world.pass_time(2)
    assert leased.beat(2)
    assert leased.lease.renew(1)
    assert leased.lease.age == 0


def test_a_beat_that_was_not_sent_or_came_back_before_renews_nothing() -> None:
    leased = Leased()
    assert leased.beat(1)
    assert not leased.lease.renew(1)
    assert not leased.lease.renew(7)


def test_a_beat_from_before_the_required_one_renews_the_lease_and_is_no_ground_to_go_on() -> None:
    leased = Leased()
    leased.lease.sent(1)
    leased.lease.require_beat(2)
    assert not leased.lease.renew(1)
    assert not leased.lease.ended
    assert leased.beat(2)


def test_it_ends_by_itself_at_the_end_of_the_newest_beat() -> None:
    leased = Leased()
    for number in range(5):
        leased.beat(number)
        leased.world.pass_time(2.5)
    leased.world.pass_time(60)
    assert leased.ended_at == [20]
    assert leased.world.timers == []


def test_it_has_one_timer_however_many_beats_come_back() -> None:
    leased = Leased()
    for number in range(5000):
        leased.beat(number)
        leased.world.pass_time(0.1)
        assert len(leased.world.timers) == 1
    assert leased.ended_at == []


def test_a_timer_that_never_rang_is_replaced() -> None:
    leased = Leased()
    leased.beat(1)
    # Its event loop has ended without a word.
    leased.world.timers.clear()
    leased.world.now += 10
    leased.beat(2)
    leased.world.pass_time(10)
    assert leased.ended_at == [20]


def test_a_timer_that_was_stopped_is_replaced_by_the_next_beat() -> None:
    leased = Leased()
    leased.beat(1)
    leased.lease.stop_timer()
    assert leased.world.timers == []
    leased.beat(2, takes=1)
    leased.world.pass_time(10)
    assert leased.ended_at == [10]


def test_beats_that_do_not_come_back_are_forgotten_once_they_are_too_old_to_renew_it() -> None:
    leased = Leased()
    for number in range(10_000):
        leased.lease.sent(number)
        leased.world.pass_time(2.5)
    sent: dict[int, float] = vars(leased.lease)["_sent"]
    assert len(sent) <= 5


def test_the_next_beat_is_due_after_a_quarter_of_the_lease_or_at_once() -> None:
    leased = Leased()
    assert leased.lease.seconds_to_beat() == 0
    leased.lease.sent(1)
    assert leased.lease.seconds_to_beat() == 2.5
    leased.world.pass_time(4)
    assert leased.lease.seconds_to_beat() == 0
    leased.lease.sent(2)
    leased.lease.beat_now()
    assert leased.lease.seconds_to_beat() == 0
