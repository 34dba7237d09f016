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
        timeout: seconds that the write of those who waited may take; each may have left by then.
    """

    def __init__(
        self,
        write: Callable[[Sequence[bytes]], Awaitable[None]],
        *,
        max_entries: int,
        timeout: float,
    ) -> None:
        self._write = write
        self._max_entries = max_entries
        self._timeout = timeout
        self._waiting: deque[_Waiting] = deque()
        self._is_writing_alone = False
        self._writer: asyncio.Task[None] | None = None

    async def add(self, entry: bytes) -> None:
        """Return once `entry` is written, or raise what `write` has raised.

        A caller that is cancelled before the write began takes its entry back.
        """
        if self._is_writing:
            written = asyncio.get_running_loop().create_future()
            self._waiting.append(_Waiting(entry, written))
            self._ensure_writer()
            await written
        else:
            await self._write_alone(entry)

    @property
    def _is_writing(self) -> bool:
        return self._is_writing_alone or self._has_writer or bool(self._waiting)

    @property
    def _has_writer(self) -> bool:
        return self._writer is not None and not self._writer.done()

    async def _write_alone(self, entry: bytes) -> None:
        # Most writes are alone, and need no task then: a revocation is not to wait for one.
        self._is_writing_alone = True
        try:
            await self._write((entry,))
        finally:
            self._is_writing_alone = False
            self._ensure_writer()

    def _ensure_writer(self) -> None:
        # No caller writes for the others: it might be cancelled.
        if self._waiting and not self._is_writing_alone and not self._has_writer:
            self._writer = asyncio.create_task(self._write_all())

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
            async with asyncio.timeout(self._timeout):
                await self._write([waiting.entry for waiting in group])
        except Exception as error:  # noqa: BLE001  # its waiter gets it
            for written in _unsettled(group):
                written.set_exception(error)
        else:
            for written in _unsettled(group):
                written.set_result(None)


def _unsettled(group: Sequence[_Waiting]) -> Iterator[asyncio.Future[None]]:
    return (waiting.written for waiting in group if not waiting.written.done())
