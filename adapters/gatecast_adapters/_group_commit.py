"""Many small writes as few large ones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

__all__ = ["GroupCommit"]


class _Waiting(NamedTuple):
    entry: bytes
    written: asyncio.Future[None]


class GroupCommit:
    """Writes entries in the order of the calls: whatever comes during a write is the next one.

    Args:
        write: writes a group of entries, in order.
        max_entries: how many entries a group may have.
    """

    def __init__(
        self, write: Callable[[Sequence[bytes]], Awaitable[None]], max_entries: int
    ) -> None:
        self._write = write
        self._max_entries = max_entries
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def add(self, entry: bytes) -> None:
        """Return once `entry` is written, or raise what `write` has raised.

        Whoever is cancelled before the write began takes its entry back.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(entry, written))
        if self._writer is None or self._writer.done():
            # No caller writes for the others: it might be cancelled.
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while group := self._next_group():
            await self._write_group(group)

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        while self._waiting and len(group) < self._max_entries:
            waiting = self._waiting.popleft()
            if not waiting.written.done():
                group.append(waiting)
        return group

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        try:
            await self._write([waiting.entry for waiting in group])
        except Exception as error:  # noqa: BLE001  # whoever waits for it gets it
            for written in _unsettled(group):
                written.set_exception(error)
        else:
            for written in _unsettled(group):
                written.set_result(None)


def _unsettled(group: Sequence[_Waiting]) -> Iterator[asyncio.Future[None]]:
    return (waiting.written for waiting in group if not waiting.written.done())
