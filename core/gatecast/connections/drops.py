"""Dropped connections: what becomes of a handle that did not take a frame, and who is told."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gatecast.close_codes import CloseCode
from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import ConnectionId
from gatecast.ports.ports import ConnectionHandle

__all__ = ["DroppedConnection", "Drops", "OnDrop", "close_handle", "log_drop"]

TIdentity = TypeVar("TIdentity")
TIdentity_co = TypeVar("TIdentity_co", covariant=True)

_logger = logging.getLogger("gatecast")


@dataclass(frozen=True)
class DroppedConnection(Generic[TIdentity_co]):
    """One connection that left the registry because its handle did not take a frame."""

    connection_id: ConnectionId
    identity: TIdentity_co
    error: Exception
    """`HandleClosedError`, `SlowConsumerError`, or whatever else the handle raised."""


OnDrop = Callable[[DroppedConnection[TIdentity]], None]
"""Told of every dropped connection, once, after it is out of the registry."""


def log_drop(dropped: DroppedConnection[object]) -> None:
    """The default report: a peer that left is routine, a slow one a warning, the rest an error."""
    error = dropped.error
    if isinstance(error, HandleClosedError):
        _logger.debug("dropped %s: %s", dropped.connection_id, error)
    elif isinstance(error, SlowConsumerError):
        _logger.warning("dropped %s: %s", dropped.connection_id, error)
    else:
        _logger.error(
            "dropped %s: its handle failed unexpectedly", dropped.connection_id, exc_info=error
        )


class Drops(Generic[TIdentity]):
    """Closes and reports what was dropped, one after another and never one within another.

    An `on_drop` that broadcasts finds the next peer gone, and is called for that one as well. If
    the calls were nested, a thousand peers that vanish at once would exceed the recursion limit.
    """

    def __init__(self, on_drop: OnDrop[TIdentity]) -> None:
        self._on_drop = on_drop
        self._waiting: deque[tuple[ConnectionHandle, DroppedConnection[TIdentity]]] = deque()
        self._settling = False

    def settle(self, handle: ConnectionHandle, dropped: DroppedConnection[TIdentity]) -> None:
        """Close `handle` and report it: at once, or else before the first such call returns."""
        self._waiting.append((handle, dropped))
        if self._settling:
            return
        self._settling = True
        try:
            while self._waiting:
                self._close_and_report(*self._waiting.popleft())
        finally:
            self._settling = False

    def _close_and_report(
        self, handle: ConnectionHandle, dropped: DroppedConnection[TIdentity]
    ) -> None:
        if isinstance(dropped.error, SlowConsumerError):
            close_handle(handle, CloseCode.TRY_AGAIN_LATER, "Slow consumer")
        elif not isinstance(dropped.error, HandleClosedError):
            close_handle(handle, CloseCode.INTERNAL_ERROR, "Internal error")
        try:
            self._on_drop(dropped)
        except Exception:
            # The broadcaster is not to blame for it.
            _logger.exception("on_drop failed for %s", dropped.connection_id)


def close_handle(handle: ConnectionHandle, code: int, reason: str) -> None:
    """Close `handle`; what it raises is logged, so that it spoils no other close (REV-5)."""
    try:
        handle.close(code, reason)
    except Exception:
        _logger.exception("closing %r failed", handle)
