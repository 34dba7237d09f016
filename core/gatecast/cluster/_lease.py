"""The lease: for how long a node may act on what it knows (CLU-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gatecast.errors import InvalidLimitError
from gatecast.ports.runtime import Host

__all__ = ["Lease"]

_BEATS_PER_LEASE: Final = 4


class Lease:
    """When the node's beats were sent, and which of them have come back.

    A beat that came back proves that everything published before it was sent has been read. So the
    lease counts from the instant before a beat is sent, by a clock that never goes back.
    """

    def __init__(self, host: Host, seconds: float, on_end: Callable[[], object]) -> None:
        if not seconds > 0:
            raise InvalidLimitError("lease", seconds)
        self.seconds: float = seconds
        self._host = host
        self._on_end = on_end
        self._sent: dict[int, float] = {}
        self._required = 0
        self._next_beat_at = host.clock()
        self._fresh_at: float | None = None
        self._timer_ends = host.clock()
        self._cancel_timer: Callable[[], None] = _nothing

    @property
    def age(self) -> float | None:
        """For how many seconds a revocation may have gone unnoticed; `None` before the first."""
        return None if self._fresh_at is None else self._host.clock() - self._fresh_at

    @property
    def ended(self) -> bool:
        """Whether too much may have happened since the last beat that came back."""
        return self._ended_at(self._host.clock())

    def seconds_to_beat(self) -> float:
        """In how many seconds the next beat is to be sent; 0 if it is due."""
        return max(self._next_beat_at - self._host.clock(), 0.0)

    def hurry(self) -> None:
        """Let the next beat be due now."""
        self._next_beat_at = self._host.clock()

    def sent(self, beat: int) -> None:
        """The beat with this number, higher than all before, is about to be sent."""
        now = self._host.clock()
        # An older one could not renew the lease any more.
        self._sent = {each: at for each, at in self._sent.items() if at > now - self.seconds}
        self._sent[beat] = now
        self._next_beat_at = now + self.seconds / _BEATS_PER_LEASE

    def require(self, beat: int) -> None:
        """What was read so far is no ground to go on; `beat` or a later one has to come back."""
        self._required = beat

    def stop_timer(self) -> None:
        """Nothing is open that would have to be closed when the lease ends."""
        self._cancel_timer()
        self._cancel_timer = _nothing
        self._timer_ends = self._host.clock()

    def came_back(self, beat: int) -> bool:
        """Renew the lease; return whether this is a required beat, and the lease has not ended."""
        sent_at = self._sent.pop(beat, None)
        if sent_at is None:
            return False
        if self._fresh_at is None or sent_at > self._fresh_at:
            self._fresh_at = sent_at
        self._watch(self._host.clock())
        return beat >= self._required and not self.ended

    def _ended_at(self, now: float) -> bool:
        return self._fresh_at is None or now - self._fresh_at >= self.seconds

    def _watch(self, now: float) -> None:
        """Have one timer while the lease runs."""
        # A timer that should have rung by now belongs to an event loop that has ended.
        if self._fresh_at is not None and not self._ended_at(now) and self._timer_ends <= now:
            left = self.seconds - (now - self._fresh_at)
            self._timer_ends = now + left
            self._cancel_timer = self._host.call_later(left, self._ring)

    def _ring(self) -> None:
        # Timers may ring early. The clock is read once, or the lease could end after it was seen
        # to run, and before there is a new timer; then nobody would ever notice.
        now = self._host.clock()
        self._timer_ends = now
        if self._ended_at(now):
            self._on_end()
        self._watch(now)


def _nothing() -> None:
    """Cancels nothing."""
