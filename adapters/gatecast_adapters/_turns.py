"""Turns of the event loop: what is sent to one stream within one turn is joined into one write."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from gatecast_adapters.event_loop import call_soon

__all__ = ["Turns"]


class Flushable(Protocol):
    """A handle that holds frames back until the turn is over."""

    def flush(self) -> None:
        """Hand on what was held back; never raises."""
        ...


THandle = TypeVar("THandle", bound=Flushable)


class Turns(Generic[THandle]):
    """Tells handles which turn it is, and flushes those that hold something back when it ends.

    The first frame of a turn goes out at once. Further ones wait until the turn is over and go out
    as one write, so that a burst costs two writes, however long it is.
    """

    __slots__ = ("_holding", "current", "ending")

    def __init__(self) -> None:
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

    def _end(self) -> None:
        self.current += 1
        self.ending = False
        holding, self._holding = self._holding, []
        for handle in holding:
            handle.flush()
