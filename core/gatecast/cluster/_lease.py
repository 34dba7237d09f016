"""The lease: how long a node may act on what it knows (CLU-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gatecast.errors import InvalidLimitError
from gatecast.ports.runtime import Runtime

__all__ = ["Lease"]

_BEATS_PER_LEASE: Final = 4


class Lease:
    """When the node sent its heartbeats, and which of them it has read back.

    A heartbeat that is read back proves that everything published before it was sent has been read.
    So the lease counts from the instant before a heartbeat is sent, by a monotonic clock.
    """

    def __init__(self, runtime: Runtime, seconds: float, on_end: Callable[[], object]) -> None:
        if not seconds > 0:
            raise InvalidLimitError("lease", seconds)
        self.seconds: float = seconds
        self._runtime = runtime
        self._on_end = on_end
        self._sent: dict[int, float] = {}
        self._required = 0
        self._next_beat_at = runtime.clock()
        self._fresh_at: float | None = None
        self._timer_ends = runtime.clock()
        self._cancel_timer: Callable[[], None] = _nothing

    @property
    def age(self) -> float | None:
        """How many seconds a revocation may have gone unnoticed; `None` before the node joined."""
        return None if self._fresh_at is None else self._runtime.clock() - self._fresh_at

    @property
    def ended(self) -> bool:
        """Whether the last heartbeat that was read back is older than the lease."""
        return self._ended_at(self._runtime.clock())

    def seconds_to_beat(self) -> float:
        """In how many seconds to send the next heartbeat; 0 if it is due."""
        return max(self._next_beat_at - self._runtime.clock(), 0.0)

    def beat_now(self) -> None:
        """Make the next heartbeat due now."""
        self._next_beat_at = self._runtime.clock()

    def sent(self, beat: int) -> None:
        """Note that the heartbeat with this number, higher than all before, is about to be sent."""
        now = self._runtime.clock()
        # Older ones can't renew the lease any more.
        self._sent = {each: at for each, at in self._sent.items() if at > now - self.seconds}
        self._sent[beat] = now
        self._next_beat_at = now + self.seconds / _BEATS_PER_LEASE

    def require_beat(self, beat: int) -> None:
        """Invalidate what was read; only this heartbeat or a later one renews the lease."""
        self._required = beat

    def stop_timer(self) -> None:
        """Stop the timer: there is nothing left to close when the lease ends."""
        self._cancel_timer()
        self._cancel_timer = _nothing
        self._timer_ends = self._runtime.clock()

    def renew(self, beat: int) -> bool:
        """Renew the lease; return whether this is a required heartbeat, and the lease runs."""
        sent_at = self._sent.pop(beat, None)
        if sent_at is None:
            return False
        if self._fresh_at is None or sent_at > self._fresh_at:
            self._fresh_at = sent_at
        self._watch(self._runtime.clock())
        return beat >= self._required and not self.ended

    def _ended_at(self, now: float) -> bool:
        return self._fresh_at is None or now - self._fresh_at >= self.seconds

    def _watch(self, now: float) -> None:
        """Set one timer while the lease runs."""
        # An overdue timer belongs to an event loop that has ended.
        if self._fresh_at is not None and not self._ended_at(now) and self._timer_ends <= now:
            left = self.seconds - (now - self._fresh_at)
            self._timer_ends = now + left
            self._cancel_timer = self._runtime.call_later(left, self._ring)

    def _ring(self) -> None:
        # Timers may ring early. The clock is read only once: otherwise the lease could end between
        # the check and the new timer, and nothing would notice.
        now = self._runtime.clock()
        self._timer_ends = now
        if self._ended_at(now):
            self._on_end()
        self._watch(now)


def _nothing() -> None:
    """Cancels nothing."""
