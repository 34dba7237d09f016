"""Draining (LIF-2), on a clock that moves only while the drain sleeps."""

import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import DrainingError, InvalidLimitError
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import FakeHandle, World, daemon, note, run, session, step

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]

GOING_AWAY = (1001, "Going away")


class SlowHandle(FakeHandle):
    """Has something waiting until its peer has read."""

    def __init__(self) -> None:
        super().__init__()
        self.pending = 1


def connect(transport: Transport, count: int) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in range(count)]
    for handle in handles:
        transport.add_connection(handle, daemon())
    return handles


def test_a_drain_closes_every_connection() -> None:
    transport = World().transport()
    handles = connect(transport, 3)
    assert not transport.is_draining
    assert run(transport.drain()) == 3
    assert transport.is_draining
    assert [handle.closes for handle in handles] == [[GOING_AWAY]] * 3
    assert transport.get_connection_count() == 0


def test_nobody_is_let_in_from_the_first_instant_on() -> None:
    transport = World().transport()
    handle = SlowHandle()
    transport.add_connection(handle, daemon())
    admission = transport.admit()
    draining = transport.drain()
    step(draining)
    with pytest.raises(DrainingError):
        transport.add_connection(FakeHandle(), daemon())
    late = FakeHandle()
    assert transport.adapter.let_in(late, daemon(), admission) is None
    assert late.closes == [GOING_AWAY]
    assert run(draining) == 1


def test_a_transport_that_was_drained_stays_so() -> None:
    transport = World().transport()
    assert run(transport.drain()) == 0
    with pytest.raises(DrainingError):
        transport.add_connection(FakeHandle(), daemon())
    assert run(transport.drain()) == 0


def test_what_waits_for_a_peer_may_go_out_first() -> None:
    world = World()
    transport = world.transport()
    slow = SlowHandle()
    transport.add_connection(slow, daemon())
    (other,) = connect(transport, 1)
    draining = transport.drain(deadline=10.0)
    step(draining)
    assert transport.broadcast(note(0)) == 2
    assert (slow.closes, other.closes) == ([], [])
    slow.pending = 0
    assert run(draining) == 2
    assert slow.closes == [GOING_AWAY]
    assert world.now < 1001.0


def test_a_peer_that_does_not_read_delays_the_end_by_half_of_the_time() -> None:
    world = World()
    transport = world.transport()
    stuck = SlowHandle()
    transport.add_connection(stuck, daemon())
    closed_at: list[float] = []
    stuck.on_close = lambda: closed_at.append(world.now)
    assert run(transport.drain(deadline=10.0)) == 1
    assert closed_at == [pytest.approx(1005.0, abs=0.1)]


def test_connections_are_closed_in_batches() -> None:
    transport = World().transport()
    handles = connect(transport, 5)
    draining = transport.drain(batch=2)
    counts: list[int] = []
    while step(draining):
        counts.append(sum(len(handle.closes) for handle in handles))
    assert counts == [2, 4, 5]


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
def test_a_drain_is_over_by_its_deadline(batch: int) -> None:
    world = World()
    transport = world.transport()
    connect(transport, 999)
    transport.add_connection(SlowHandle(), daemon())
    assert run(transport.drain(deadline=2.0, batch=batch)) == 1000
    assert world.now <= 1002.0 + 1e-6


def test_a_drain_that_wakes_up_late_closes_the_rest_without_a_pause() -> None:
    world = World()
    transport = world.transport()
    connect(transport, 3)
    draining = transport.drain(deadline=2.0, batch=1)
    step(draining)
    world.now += 60.0
    late = world.now
    assert run(draining) == 3
    assert world.now == pytest.approx(late, abs=0.1)


def test_two_drains_at_once_close_each_connection_once() -> None:
    transport = World().transport()
    handles = connect(transport, 5)
    first, second = transport.drain(batch=2), transport.drain(batch=2)
    step(first)
    step(second)
    assert run(first) + run(second) == 5
    assert [handle.closes for handle in handles] == [[GOING_AWAY]] * 5


def test_a_drain_is_over_as_soon_as_nobody_is_left() -> None:
    transport = World().transport()
    connect(transport, 100)
    draining = transport.drain(batch=1)
    step(draining)
    transport.close_where(lambda identity: True)
    assert not step(draining)


def test_after_a_cancelled_drain_another_one_closes_what_is_left() -> None:
    transport = World().transport()
    handles = connect(transport, 3)
    cancelled = transport.drain(batch=1)
    step(cancelled)
    cancelled.close()
    with pytest.raises(DrainingError):
        transport.add_connection(FakeHandle(), daemon())
    assert run(transport.drain()) == 2
    assert [handle.closes for handle in handles] == [[GOING_AWAY]] * 3


def test_whoever_is_revoked_or_leaves_meanwhile_is_not_closed_again() -> None:
    transport = World().transport()
    connect(transport, 1)
    revoked, gone = FakeHandle(), FakeHandle()
    transport.add_connection(revoked, session("s"))
    transport.add_connection(gone, daemon())
    draining = transport.drain(batch=1)
    step(draining)
    transport.close_where(lambda identity: identity.token_hash is not None)
    transport.remove_connection(gone)
    assert run(draining) == 1
    assert (revoked.closes, gone.closes) == ([(4001, "Session revoked")], [])


@pytest.mark.parametrize("deadline", [0.0, -1.0, float("nan")])
def test_a_deadline_that_is_not_above_zero_is_refused(deadline: float) -> None:
    transport = World().transport()
    with pytest.raises(InvalidLimitError):
        run(transport.drain(deadline=deadline))
    assert not transport.is_draining


def test_a_batch_of_nobody_is_refused() -> None:
    transport = World().transport()
    with pytest.raises(InvalidLimitError):
        run(transport.drain(batch=0))
    assert not transport.is_draining
