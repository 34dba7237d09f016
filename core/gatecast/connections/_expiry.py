"""Expiry: when the credential of each connection expires (REV-8)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from gatecast.connections.connection import Connection
from gatecast.errors import CredentialExpiredError, InvalidExpiryError
from gatecast.ports.runtime import Runtime

__all__ = ["Expiry", "expiry_of"]

THandle = TypeVar("THandle")
TIdentity = TypeVar("TIdentity")

# The wall clock may be set while a timer runs, so no timer runs for longer than this.
_MAX_SECONDS: Final = 60.0


def expiry_of(identity: object) -> float | None:
    """The instant in `identity.expires_at`, in seconds since the epoch; `None` if it has none.

    Raises `InvalidExpiryError` for anything but a number, and for NaN: these would never be due.
    """
    instant: object = getattr(identity, "expires_at", None)
    if instant is None:
        return None
    if isinstance(instant, bool) or not isinstance(instant, int | float):
        raise InvalidExpiryError(instant)
    try:
        seconds = float(instant)
    except OverflowError:
        raise InvalidExpiryError(instant) from None
    if math.isnan(seconds):
        raise InvalidExpiryError(instant)
    return seconds


class Expiry(Generic[THandle, TIdentity]):
    """One schedule for all connections, with one timer for the next of them.

    `on_due` is called when a connection may be due, and takes it with `pop_due`. The schedule keeps
    no reference to a connection that has left it (REG-3).
    """

    def __init__(self, runtime: Runtime, on_due: Callable[[], object]) -> None:
        self._runtime = runtime
        self._on_due = on_due
        self._due: dict[float, dict[Connection[THandle, TIdentity], None]] = {}
        # The keys of `_due`, and some that have been removed from it.
        self._instants: list[float] = []
        self._cancel_timer: Callable[[], None] | None = None
        # By the clock that is never set.
        self._timer_ends = 0.0

    @property
    def remembered(self) -> int:
        """How many instants are held, removed ones included."""
        return len(self._instants)

    def require_unexpired(self, identity: TIdentity) -> float | None:
        """When the credential of `identity` expires, `None` for never.

        Raises `CredentialExpiredError` if it has expired, and `InvalidExpiryError`.
        """
        expires_at = expiry_of(identity)
        if expires_at is not None and expires_at <= self._runtime.wall_clock():
            raise CredentialExpiredError(expires_at)
        return expires_at

    def add(self, connection: Connection[THandle, TIdentity], instant: float | None) -> None:
        """Schedule `connection`, which is not scheduled yet; `None` for never."""
        connection.expires_at = instant
        if instant is None:
            return
        if instant not in self._due:
            self._due[instant] = {}
            heapq.heappush(self._instants, instant)
        self._due[instant][connection] = None
        self._arm()

    def discard(self, connection: Connection[THandle, TIdentity]) -> None:
        """Forget `connection`, without a trace."""
        instant = connection.expires_at
        if instant is None:
            return
        connection.expires_at = None
        connections = self._due[instant]
        del connections[connection]
        if not connections:
            del self._due[instant]
            self._compact()

    def any_due(self) -> bool:
        """Whether `pop_due` would return anything."""
        return bool(self._instants) and self._instants[0] <= self._runtime.wall_clock()

    def pop_due(self) -> list[Connection[THandle, TIdentity]]:
        """Remove and return what is due, earliest first, and set the timer for the rest."""
        due: list[Connection[THandle, TIdentity]] = []
        while self.any_due():
            due.extend(self._due.pop(heapq.heappop(self._instants), ()))
        for connection in due:
            connection.expires_at = None
        self._arm()
        return due

    def _arm(self) -> None:
        """Set one timer for the earliest instant, or none if nothing is scheduled."""
        if not self._instants:
            self._disarm()
            return
        seconds = min(max(self._instants[0] - self._runtime.wall_clock(), 0.0), _MAX_SECONDS)
        now = self._runtime.clock()
        # An overdue timer belongs to an event loop that has ended.
        if self._cancel_timer is None or not now <= self._timer_ends <= now + seconds:
            self._disarm()
            self._timer_ends = now + seconds
            self._cancel_timer = self._runtime.call_later(seconds, self._ring)

    def _disarm(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    def _ring(self) -> None:
        self._cancel_timer = None
        self._on_due()
        self._arm()

    def _compact(self) -> None:
        """Remove the unused instants once they are the majority."""
        if len(self._instants) > 2 * len(self._due):
            self._instants = list(self._due)
            heapq.heapify(self._instants)
            self._arm()
