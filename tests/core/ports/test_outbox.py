import pytest

from gatecast.errors import InvalidLimitError, SlowConsumerError
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import Outbox, OutboxLimits
from tests.core.fakes import note

FRAMES = [Frame(note(number)) for number in range(4)]
SIZE = len(FRAMES[0])


def outbox(max_messages: int = 10, max_bytes: int = 10 * SIZE) -> Outbox:
    return Outbox(OutboxLimits(max_messages, max_bytes))


def test_frames_leave_in_the_order_in_which_they_came() -> None:
    box = outbox()
    for frame in FRAMES:
        box.push(frame)
    assert [box.pop() for _ in FRAMES] == FRAMES
    assert (len(box), box.size) == (0, 0)


def test_popping_everything_leaves_the_outbox_empty() -> None:
    box = outbox()
    for frame in FRAMES:
        box.push(frame)
    assert box.pop_all() == FRAMES
    assert (len(box), box.size) == (0, 0)


def test_popping_from_an_empty_outbox_is_an_error() -> None:
    with pytest.raises(IndexError):
        outbox().pop()


def test_a_message_over_the_number_is_not_taken() -> None:
    box = outbox(max_messages=2)
    box.push(FRAMES[0])
    box.push(FRAMES[1])
    with pytest.raises(SlowConsumerError) as raised:
        box.push(FRAMES[2])
    assert (raised.value.waiting_messages, raised.value.waiting_bytes) == (2, 2 * SIZE)
    assert box.pop_all() == FRAMES[:2]


def test_bytes_up_to_the_bound_are_taken_and_one_more_is_not() -> None:
    box = outbox(max_bytes=2 * SIZE)
    box.push(FRAMES[0])
    box.push(FRAMES[1])
    assert box.size == 2 * SIZE
    box = outbox(max_bytes=2 * SIZE - 1)
    box.push(FRAMES[0])
    with pytest.raises(SlowConsumerError):
        box.push(FRAMES[1])
    assert (len(box), box.size) == (1, SIZE)


def test_one_message_larger_than_the_bound_is_refused_even_by_an_empty_outbox() -> None:
    box = outbox(max_bytes=SIZE - 1)
    with pytest.raises(SlowConsumerError):
        box.push(FRAMES[0])
    assert (len(box), box.size) == (0, 0)


def test_what_is_popped_makes_room() -> None:
    box = outbox(max_messages=1, max_bytes=SIZE)
    for frame in FRAMES:
        box.push(frame)
        assert box.pop() is frame


def test_clearing_discards_everything_and_makes_room() -> None:
    box = outbox(max_messages=1, max_bytes=SIZE)
    box.push(FRAMES[0])
    box.clear()
    assert (len(box), box.size) == (0, 0)
    box.push(FRAMES[1])


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
@pytest.mark.parametrize("name", ["max_messages", "max_bytes"])
def test_a_limit_that_lets_nothing_through_is_refused(name: str, limit: int) -> None:
    with pytest.raises(InvalidLimitError) as raised:
        OutboxLimits(**{name: limit})
    assert raised.value.name == name
