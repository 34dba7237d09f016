"""The relay without a broker: one log in memory, for the nodes of one process, or the only one."""

from __future__ import annotations

import secrets
from collections import deque
from itertools import islice
from typing import Final

from gatecast.errors import InvalidLimitError, RelayGapError
from gatecast.ports.relay import Position, RelayBatch
from gatecast.ports.runtime import (
    Event,
    Runtime,
)
from gatecast_adapters.event_loop import RUNTIME

__all__ = ["InProcessRelay"]

_BATCH: Final = 256
"""Entries in one batch. They are not copied, so their size does not matter."""


class InProcessRelay:
    """A `Relay` that all nodes of one event loop share by holding this object.

    Durable for as long as the process lives, which is as long as its connections do; always within
    reach. When an entry is published, the oldest go: those beyond `max_entries`, and those older
    than `max_age` seconds. Raises `InvalidLimitError` for a limit that is not above zero.
    """

    def __init__(
        self, *, max_entries: int = 10_000, max_age: float = 60.0, runtime: Runtime = RUNTIME
    ) -> None:
        for name, limit in (("max_entries", max_entries), ("max_age", max_age)):
            if not limit > 0:
                raise InvalidLimitError(name, limit)
        self._max_entries = max_entries
        self._max_age = max_age
        self.runtime: Runtime = runtime
        self._waiting: set[Event] = set()
        self.lose()

    async def publish(self, entry: bytes) -> None:
        """As `Relay.publish`."""
        self._append(entry)
        await self.runtime.checkpoint()

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        """As `Relay.read`."""
        await self.runtime.checkpoint()
        if wait > 0 and self._count_before(after) == self._end:
            await self._wait_for_entry(wait)
        return self._batch(self._count_before(after))

    def drop_oldest(self, count: int) -> None:
        """Forget the oldest `count` entries, as a limit does; for tests of what then follows."""
        for _ in range(count):
            self._entries.popleft()
        self._dropped += count

    def lose(self) -> None:
        """Forget the whole log and begin another, as a broker does that lost its disk; for tests.

        A reader notices when it reads on: it gets `RelayGapError`.
        """
        self._entries: deque[tuple[float, bytes]] = deque()
        self._dropped = 0
        # So that a position of another log is not taken for one of this.
        self._log_id = secrets.token_hex(8)

    @property
    def _end(self) -> int:
        return self._dropped + len(self._entries)

    def _append(self, entry: bytes) -> None:
        now = self.runtime.clock()
        self._entries.append((now, entry))
        while len(self._entries) > self._max_entries or self._entries[0][0] < now - self._max_age:
            self.drop_oldest(1)
        for event in self._waiting:
            event.set()

    def _count_before(self, after: Position | None) -> int:
        # How many entries were published up to there.
        if after is None:
            return self._dropped
        log_id, _, count = after.partition("/")
        if log_id != self._log_id or not self._dropped <= int(count) <= self._end:
            raise RelayGapError(after)
        return int(count)

    async def _wait_for_entry(self, seconds: float) -> None:
        event = self.runtime.event()
        self._waiting.add(event)
        cancel = self.runtime.call_later(seconds, event.set)
        try:
            await event.wait()
        finally:
            cancel()
            self._waiting.remove(event)

    def _batch(self, start: int) -> RelayBatch:
        first = start - self._dropped
        entries = tuple(entry for _, entry in islice(self._entries, first, first + _BATCH))
        end = start + len(entries)
        return RelayBatch(entries, Position(f"{self._log_id}/{end}") if end else None)
