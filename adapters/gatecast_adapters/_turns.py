"""Turns of the event loop: what is sent to one peer within one turn is joined into one write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from gatecast.messages.frame import Frame
from gatecast_adapters.event_loop import call_soon

__all__ = ["Turns"]


TJoined = TypeVar("TJoined")


class Flushable(Protocol):
    """A handle that holds frames back until the turn is over."""

    def flush(self) -> None:
        """Hand on what was held back; never raises."""
        ...


class Turns(Generic[TJoined]):
    """Tells handles which turn it is, and flushes those that hold something back when it ends.

    The first frame of a turn goes out at once. Further ones wait until the turn is over and go out
    as one write, so that a burst costs two writes, however long it is. `encode` makes of them what
    is the same for all handles that held them back.
    """

    __slots__ = ("_encode", "_holding", "_latest", "current", "ending")

    def __init__(self, encode: Callable[[Sequence[Frame]], TJoined]) -> None:
        self._encode = encode
        self._latest: tuple[list[Frame], TJoined] | None = None
        self.current: int = 0
        """A number that is another one in each turn in which something is sent."""
        self.ending: bool = False
        """Whether the end of this turn is arranged."""
        self._holding: list[Flushable] = []

    def end_soon(self) -> None:
        """Something is sent in this turn: see to it that the turn ends."""
        call_soon(self._end)
        self.ending = True

    def flush_at_end(self, handle: Flushable) -> None:
        """Flush `handle`, which holds something back, when the turn ends."""
        self._holding.append(handle)

    def join(self, frames: list[Frame]) -> TJoined:
        """What `encode` makes of `frames`.

        For the frames that it was last asked for, which is what most handles hold, it is made
        already.
        """
        if self._latest is None or self._latest[0] != frames:
            self._latest = frames, self._encode(frames)
        return self._latest[1]

    def _end(self) -> None:
        self.current += 1
        self.ending = False
        holding, self._holding = self._holding, []
        for handle in holding:
            handle.flush()
        self._latest = None
