from uuid import uuid4

import pytest

from gatecast.connections._announcer import Announcer
from gatecast.connections._fanout import FanoutQueue
from gatecast.connections.connection import Connection
from gatecast.errors import HandleClosedError
from gatecast.identity.ids import ConnectionId
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from tests.core.fakes import FakeHandle, note

Member = Connection[FakeHandle, str]

NOBODY: Announcer[str] = Announcer("fake", None)
FRAMES = [Frame(note(number)) for number in range(3)]


def members(*handles: FakeHandle) -> list[Member]:
    return [Connection(ConnectionId(uuid4()), handle, "somebody") for handle in handles]


def fanouts() -> FanoutQueue[FakeHandle, str]:
    return FanoutQueue(lambda connection, error: None, NOBODY)


def handles(count: int) -> list[FakeHandle]:
    return [FakeHandle() for _ in range(count)]


def received(everyone: list[Member]) -> list[list[object]]:
    return [each.handle.numbers for each in everyone]


def test_a_finished_fanout_has_reached_everyone_once() -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    fanout = pending.begin(FRAMES[0], everyone)
    assert not fanout.done
    pending.finish()
    assert fanout.done
    assert fanout.accepted == 3
    assert received(everyone) == [[0], [0], [0]]


def test_everyone_gets_the_same_frame() -> None:
    pending = fanouts()
    everyone = members(*handles(2))
    pending.begin(FRAMES[0], everyone)
    pending.finish()
    assert all(each.handle.frames[0] is FRAMES[0] for each in everyone)


def test_a_fanout_to_nobody_is_done_at_once() -> None:
    pending = fanouts()
    assert pending.begin(FRAMES[0], []).done
    pending.finish()


def test_the_older_fanout_is_completed_first() -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    pending.begin(FRAMES[0], everyone)
    pending.advance(1)
    pending.begin(FRAMES[1], everyone)
    pending.finish()
    assert received(everyone) == [[0, 1], [0, 1], [0, 1]]


def test_advancing_goes_as_far_as_it_is_told_and_in_order() -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    first = pending.begin(FRAMES[0], everyone)
    second = pending.begin(FRAMES[1], everyone)
    pending.advance(2)
    assert received(everyone) == [[0], [0], []]
    pending.advance(2)
    assert received(everyone) == [[0], [0], [0]]
    assert first.done
    pending.advance(100)
    assert (first.accepted, second.accepted) == (3, 3)
    pending.advance(1)
    assert received(everyone) == [[0, 1]] * 3


def test_a_connection_that_has_left_meanwhile_is_passed_over() -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    fanout = pending.begin(FRAMES[0], everyone)
    everyone[1].ending = Ending.REVOKED
    pending.finish()
    assert received(everyone) == [[0], [], [0]]
    assert fanout.accepted == 2


@pytest.mark.parametrize("error", [HandleClosedError(), ValueError("broken")])
def test_a_handle_that_fails_is_reported_and_stops_nobody_else(error: Exception) -> None:
    failures: list[tuple[Member, Exception]] = []
    pending = FanoutQueue[FakeHandle, str](
        lambda failed, why: failures.append((failed, why)), NOBODY
    )
    everyone = members(FakeHandle(), FakeHandle(error=error), FakeHandle())
    fanout = pending.begin(FRAMES[0], everyone)
    pending.finish()
    assert received(everyone) == [[0], [], [0]]
    assert fanout.accepted == 2
    assert failures == [(everyone[1], error)]


def test_an_abandoned_fanout_reaches_nobody_else() -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    fanout = pending.begin(FRAMES[0], everyone)
    pending.advance(1)
    pending.abandon(fanout)
    pending.begin(FRAMES[1], everyone)
    pending.finish()
    assert received(everyone) == [[0, 1], [1], [1]]
    assert fanout.accepted == 1


def test_an_abandoned_fanout_in_the_middle_leaves_its_neighbours_whole() -> None:
    pending = fanouts()
    everyone = members(*handles(2))
    fanouts_begun = [pending.begin(frame, everyone) for frame in FRAMES]
    pending.abandon(fanouts_begun[1])
    pending.finish()
    assert received(everyone) == [[0, 2], [0, 2]]


def test_abandoning_what_is_being_sent_ends_it_there() -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    fanout = pending.begin(FRAMES[0], everyone)
    everyone[0].handle.on_send = lambda: pending.abandon(fanout)
    pending.finish()
    assert received(everyone) == [[0], [], []]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_handle_that_calls_back_skips_and_doubles_nothing(place: int) -> None:
    pending = fanouts()
    everyone = members(*handles(3))
    caller = everyone[place].handle

    def call_back() -> None:
        caller.on_send = list
        pending.begin(FRAMES[1], everyone)
        pending.finish()

    caller.on_send = call_back
    fanout = pending.begin(FRAMES[0], everyone)
    pending.finish()
    assert received(everyone) == [[0, 1], [0, 1], [0, 1]]
    assert fanout.accepted == 3


def test_whoever_advances_from_within_the_last_send_goes_on_with_the_next_fanout() -> None:
    pending = fanouts()
    everyone = members(*handles(1))
    caller = everyone[0].handle
    within: list[list[list[object]]] = []

    def call_back() -> None:
        caller.on_send = list
        pending.begin(FRAMES[1], everyone)
        pending.advance(1)
        within.append(received(everyone))

    caller.on_send = call_back
    pending.begin(FRAMES[0], everyone)
    pending.finish()
    assert within == [[[0, 1]]]


def test_an_interrupted_fanout_is_completed_by_the_next() -> None:
    pending = fanouts()
    everyone = members(FakeHandle(), FakeHandle(error=KeyboardInterrupt()), FakeHandle())
    pending.begin(FRAMES[0], everyone)
    with pytest.raises(KeyboardInterrupt):
        pending.finish()
    everyone[1].handle.error = None
    pending.begin(FRAMES[1], everyone)
    pending.finish()
    assert received(everyone) == [[0, 1], [1], [0, 1]]
