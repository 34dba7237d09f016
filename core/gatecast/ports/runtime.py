"""What the core needs from the world outside, since it reads no clock and knows no event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["CallLater", "Clock", "Event", "Host"]

Clock = Callable[[], float]
"""Seconds, from any starting point, never going back."""

CallLater = Callable[[float, Callable[[], object]], Callable[[], None]]
"""Calls a function in so many seconds, unless what it returns is called before."""


class Event(Protocol):
    """Something that happens once, and that tasks may wait for."""

    def set(self) -> None:
        """It has happened; whoever waits goes on. Idempotent."""
        ...

    async def wait(self) -> object:
        """Return once it has happened."""
        ...


@dataclass(frozen=True, slots=True)
class Host:
    """The clock, the thread and the event loop that a transport lives on.

    `gatecast_adapters.event_loop.HOST` is the real one; tests bring a clock that they move.
    """

    clock: Clock

    thread_id: Callable[[], int]
    """Which thread is calling."""

    checkpoint: Callable[[], Awaitable[None]]
    """Lets everything else that is ready run once."""

    sleep: Callable[[float], Awaitable[None]]
    """Lets everything else run for so many seconds."""

    call_later: CallLater

    wall_clock: Callable[[], float]
    """Seconds since the epoch, which is what credentials are dated in. It may be set."""

    event: Callable[[], Event]
    """Makes an event that has not happened yet."""
