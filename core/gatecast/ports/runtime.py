"""The runtime: the clock, thread and event loop that the core gets from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["CallLater", "Clock", "Event", "HasRuntime", "Runtime"]

Clock = Callable[[], float]
"""Monotonic seconds, from any starting point."""

CallLater = Callable[[float, Callable[[], object]], Callable[[], None]]
"""Schedule a callback after some seconds; returns a function that cancels it."""


class Event(Protocol):
    """Something that happens once, and that tasks can wait for."""

    def set(self) -> None:
        """Set the event and wake its waiters. Idempotent."""
        ...

    async def wait(self) -> object:
        """Return once the event is set."""
        ...


@dataclass(frozen=True, slots=True)
class Runtime:
    """The clock, the thread and the event loop that a transport lives on.

    `gatecast_adapters.event_loop.RUNTIME` is the real one; tests bring a clock that they move.
    """

    clock: Clock

    thread_id: Callable[[], int]
    """The id of the calling thread."""

    checkpoint: Callable[[], Awaitable[None]]
    """Let every other task that is ready run once."""

    sleep: Callable[[float], Awaitable[None]]
    """Sleep for this many seconds."""

    call_later: CallLater

    wall_clock: Callable[[], float]
    """Seconds since the epoch, as credentials are dated. This clock may be set."""

    event: Callable[[], Event]
    """Make an event that is not set."""


@runtime_checkable
class HasRuntime(Protocol):
    """Something with a runtime. A relay may have one, for clusters without transports."""

    @property
    def runtime(self) -> Runtime:
        """The clock, the thread and the event loop."""
        ...
