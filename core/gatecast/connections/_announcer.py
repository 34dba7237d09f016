"""Notifying the observer: one event after another, never nested."""

from __future__ import annotations

import logging
from collections import deque
from typing import Generic, TypeVar

from gatecast.ports.observer import Observation, Observer

__all__ = ["Announcer"]

TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")


class Announcer(Generic[TIdentity]):
    """Calls an observer, and logs what it raises; later events still reach it.

    An observer that broadcasts causes the next event. With nested calls, a thousand peers that
    vanish at once would exceed the recursion limit.
    """

    __slots__ = ("_announcing", "_observer", "_waiting", "active", "transport_name")

    def __init__(self, transport_name: str, observer: Observer[TIdentity] | None) -> None:
        self.transport_name: str = transport_name
        self.active: bool = observer is not None
        """Whether there is an observer; without one no event need be made."""
        self._observer = observer
        self._waiting: deque[Observation[TIdentity]] = deque()
        self._announcing = False

    def announce(self, event: Observation[TIdentity]) -> None:
        """Call the observer now, or before the call in progress returns."""
        if self._observer is None:
            return
        self._waiting.append(event)
        if self._announcing:
            return
        self._announcing = True
        try:
            while self._waiting:
                self._call(self._observer, self._waiting.popleft())
        finally:
            self._announcing = False

    def _call(self, observer: Observer[TIdentity], event: Observation[TIdentity]) -> None:
        try:
            observer(event)
        except Exception:
            _logger.exception("the observer failed for %s", type(event).__name__)
