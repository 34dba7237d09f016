"""Dropped connections: closing and reporting handles that did not accept a frame."""

from __future__ import annotations

import logging
from collections import deque
from typing import Generic, TypeVar

from gatecast.connections._announcer import Announcer
from gatecast.connections._departing import Departing, Interruption
from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import DroppedConnection, OnDrop

__all__ = ["Drops", "log_drop"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")


def log_drop(dropped: DroppedConnection[object]) -> None:
    """The default: log a peer that left as debug, a slow one as warning, others as error."""
    error = dropped.error
    if isinstance(error, HandleClosedError):
        _logger.debug("dropped %s: %s", dropped.connection_id, error)
    elif isinstance(error, SlowConsumerError):
        _logger.warning("dropped %s: %s", dropped.connection_id, error)
    else:
        _logger.error(
            "dropped %s: its handle failed unexpectedly", dropped.connection_id, exc_info=error
        )


class Drops(Generic[THandle, TIdentity]):
    """Closes and reports dropped connections, one after another and never nested.

    An `on_drop` that broadcasts may find the next peer gone, and is called for that one as well.
    With nested calls, a thousand peers that vanish at once would exceed the recursion limit.
    """

    def __init__(self, on_drop: OnDrop[TIdentity], announcer: Announcer[TIdentity]) -> None:
        self._on_drop = on_drop
        self._announcer = announcer
        self._waiting: deque[tuple[Departing[THandle, TIdentity], DroppedConnection[TIdentity]]] = (
            deque()
        )
        self._settling = False

    def settle(
        self, departing: Departing[THandle, TIdentity], dropped: DroppedConnection[TIdentity]
    ) -> None:
        """Close a handle and report it, now or before the first such call returns."""
        self._waiting.append((departing, dropped))
        if self._settling:
            return
        interruption = Interruption()
        self._settling = True
        try:
            while self._waiting:
                self._close_and_report(*self._waiting.popleft(), interruption)
        finally:
            self._settling = False
        interruption.throw()

    def _close_and_report(
        self,
        departing: Departing[THandle, TIdentity],
        dropped: DroppedConnection[TIdentity],
        interruption: Interruption,
    ) -> None:
        self._announcer.announce(dropped)
        try:
            departing.close()
        except BaseException as error:  # noqa: BLE001  # raised when all are settled
            interruption.keep(error)
        try:
            self._on_drop(dropped)
        except Exception:
            # Not raised: the caller of the broadcast did not cause it.
            _logger.exception("on_drop failed for %s", dropped.connection_id)
        except BaseException as error:  # noqa: BLE001  # as above
            interruption.keep(error)
