"""The one thread that may use a transport (SHP-2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gatecast.errors import WrongThreadError

__all__ = ["Call", "HomeThread"]


@dataclass(frozen=True, slots=True)
class Call:
    """The verb that an app called, as it would write it."""

    verb: str
    owner: str = "transport"
    """What it was called on: a transport, a group, a cluster."""
    is_async: bool = False
    """Whether it has to be awaited."""


class HomeThread:
    """Remembers which thread serves the connections, and refuses calls on any other.

    A registry has no lock: a call on a worker thread would race with the event loop, and would use
    handles on the wrong thread. A transport that is not in use has no home, so that one object can
    be built on the main thread and served on another, or by one event loop after another.
    """

    __slots__ = ("_home", "_is_in_use", "_thread_id")

    def __init__(self, thread_id: Callable[[], int], is_in_use: Callable[[], bool]) -> None:
        self._thread_id = thread_id
        self._is_in_use = is_in_use
        self._home: int | None = None

    def settle(self, call: Call) -> None:
        """Make the calling thread the home if the transport is not in use; otherwise as `check`."""
        if self._is_in_use():
            self.check(call)
        else:
            self._home = self._thread_id()

    def check(self, call: Call) -> None:
        """Raise `WrongThreadError` on any thread but the home, while the transport is in use."""
        if self._is_in_use() and self._thread_id() != self._home:
            raise WrongThreadError(call.verb, call.owner, is_async=call.is_async)
