"""Turns of the event loop: what is sent to one peer within one turn is joined into one write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from gatecast.frame import Frame
from gatecast_adapters.event_loop import call_soon

__all__ = ["Joined", "Turns"]


class Flushable(Protocol):
    """A handle that holds frames back until the turn is over."""

    def flush(self) -> None:
        """Hand on what was held back; never raises."""
        ...


THandle = TypeVar("THandle", bound=Flushable)


class Joined(NamedTuple):
    """Several frames as one write."""

    data: bytes
    largest: int
    """The size of the largest frame, in bytes of its text."""


class Turns(Generic[THandle]):
    """Tells handles which turn it is, and flushes those that hold something back when it ends.

    The first frame of a turn goes out at once. Further ones wait until the turn is over and go out
    as one write, so that a burst costs two writes, however long it is. `encode` makes that write of
    them, which is the same for all handles.
    """

    __slots__ = ("_encode", "_frames", "_holding", "_joined", "current", "ending")

    def __init__(self, encode: Callable[[Sequence[Frame]], bytes]) -> None:
        self._encode = encode
        self._frames: list[Frame] = []
        self._joined = _NOTHING
        self.current: int = 0
        """A number that is another one in each turn in which something is sent."""
        self.ending: bool = False
        """Whether the end of this turn is arranged."""
        self._holding: list[THandle] = []

    def end_soon(self) -> None:
        """Something is sent in this turn: see to it that the turn ends."""
        self.ending = True
        call_soon(self._end)

    def flush_at_end(self, handle: THandle) -> None:
        """Flush `handle`, which holds something back, when the turn ends."""
        self._holding.append(handle)

    def join(self, frames: list[Frame]) -> Joined:
        """One write of all `frames`, which are at least one.

        For the frames that it was last asked for, which is what most handles hold, it is made
        already.
        """
        if frames != self._frames:
            self._frames = frames
            self._joined = Joined(self._encode(frames), max(len(frame.data) for frame in frames))
        return self._joined

    def _end(self) -> None:
        self.current += 1
        self.ending = False
        holding, self._holding = self._holding, []
        for handle in holding:
            handle.flush()
        self._frames, self._joined = [], _NOTHING


_NOTHING = Joined(b"", 0)
