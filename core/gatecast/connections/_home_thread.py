"""The one thread that may touch a transport (SHP-2)."""

from __future__ import annotations

from collections.abc import Callable

from gatecast.errors import WrongThreadError

__all__ = ["HomeThread"]


class HomeThread:
    """Remembers which thread serves the connections, and refuses calls from any other.

    A registry is not locked: a call from a worker thread would race with the event loop, and a
    handle would be used where it must not be. A transport that is not in use has no home, so that
    one object can be built in the main thread and served in another, or by one event loop after
    another.
    """

    __slots__ = ("_home", "_thread_id")

    def __init__(self, thread_id: Callable[[], int]) -> None:
        self._thread_id = thread_id
        self._home: int | None = None

    def settle(self) -> None:
        """Make the calling thread the home."""
        self._home = self._thread_id()

    def check(self, verb: str) -> None:
        """Pass on the home thread; raise `WrongThreadError` naming `verb` on any other."""
        if self._thread_id() != self._home:
            raise WrongThreadError(verb)
