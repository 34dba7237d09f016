"""What is sent within one turn of the event loop is joined."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from anyio import to_thread
from anyio.lowlevel import checkpoint

from gatecast.messages.frame import Frame
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames, text_frames
from tests.support.people import note

pytestmark = pytest.mark.anyio


class Handle:
    def __init__(self) -> None:
        self.flushes = 0

    def flush(self) -> None:
        self.flushes += 1


async def test_a_turn_ends_when_the_event_loop_goes_on() -> None:
    turns: Turns[TextFrames] = Turns(text_frames)
    turn = turns.current
    turns.end_soon()
    assert (turns.current, turns.ending) == (turn, True)
    await checkpoint()
    assert turns.current != turn
    assert not turns.ending


async def test_who_holds_something_back_is_flushed_once_at_the_end_of_the_turn() -> None:
    turns: Turns[TextFrames] = Turns(text_frames)
    handle, other = Handle(), Handle()
    turns.end_soon()
    turns.flush_at_end(handle)
    assert handle.flushes == 0
    await checkpoint()
    assert (handle.flushes, other.flushes) == (1, 0)
    turns.end_soon()
    await checkpoint()
    assert handle.flushes == 1


async def test_a_flush_may_begin_the_next_turn() -> None:
    turns: Turns[TextFrames] = Turns(text_frames)

    class Echo(Handle):
        def flush(self) -> None:
            super().flush()
            if self.flushes == 1:
                turns.end_soon()
                turns.flush_at_end(self)

    echo = Echo()
    turns.end_soon()
    turns.flush_at_end(echo)
    await checkpoint()
    assert echo.flushes == 1
    await checkpoint()
    assert echo.flushes == 2


def test_frames_that_could_not_be_joined_are_not_taken_for_those_before() -> None:
    first, second = [Frame(note(1))], [Frame(note(2))]
    failures = [MemoryError()]

    def encode(frames: Sequence[Frame]) -> Sequence[Frame]:
        if frames is second and failures:
            raise failures.pop()
        return frames

    turns = Turns(encode)
    assert turns.join(first) is first
    with pytest.raises(MemoryError):
        turns.join(second)
    assert turns.join(second) is second


async def test_a_turn_that_could_not_begin_for_want_of_an_event_loop_begins_later() -> None:
    turns = Turns(text_frames)
    with pytest.raises(RuntimeError):
        await to_thread.run_sync(turns.end_soon)
    assert not turns.ending
