"""The task that hands on what waits for one peer; it lives only while something waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import anyio

from gatecast_adapters.event_loop import spawn

__all__ = ["Writer"]


class Writer:
    """One task, and the scope that it writes in at the moment."""

    __slots__ = ("_scope", "_task")

    def __init__(self, write: Callable[[Writer], Awaitable[None]]) -> None:
        self._scope: anyio.CancelScope | None = None
        # Kept, since an event loop holds its tasks weakly.
        self._task = spawn(partial(write, self))

    def cancellable(self) -> anyio.CancelScope:
        """The scope to write in; made in the task, since the writer may be made outside of any."""
        self._scope = anyio.CancelScope()
        return self._scope

    def cancel(self) -> None:
        """Stop the writing; a task that has not begun sees by itself what is still wanted."""
        if self._scope is not None:
            self._scope.cancel()
