"""A relay as the tests use it: the author's relay object, with bounded waits and clear checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope
from anyio.abc import TaskStatus
from anyio.lowlevel import checkpoint

from gatecast.errors import RelayGapError, RelayUnavailableError
from gatecast.ports.relay import Position, Relay, RelayBatch
from gatecast_contracts._checks import bounded

__all__ = ["SHORT", "RelayUser", "entries_of"]

SHORT = 0.01
"""Seconds that a read waits where nothing may come."""


class RelayUser:
    """One relay object, as one process has it."""

    def __init__(self, relay: Relay, name: str, patience: float) -> None:
        self.relay = relay
        self._name = name
        self._patience = patience

    async def publish(self, *entries: bytes) -> None:
        """Publish one after another."""
        __tracebackhide__ = True
        for entry in entries:
            await bounded(
                self.relay.publish(entry), self._patience, f"{self._name} to publish an entry"
            )

    async def publish_at_once(self, *entries: bytes) -> None:
        """Call `publish` for each in turn, without waiting for the call before."""
        __tracebackhide__ = True
        async with anyio.create_task_group() as calls:
            for entry in entries:
                await calls.start(self.call_publish, entry)

    async def call_publish(
        self, entry: bytes, *, task_status: TaskStatus[CancelScope] = TASK_STATUS_IGNORED
    ) -> None:
        """Publish; started as a task it gives back what cancels it, and has got to its first wait.

        The calls of several such tasks so have an order, whatever the event loop does.
        """
        __tracebackhide__ = True
        with CancelScope() as scope:
            task_status.started(scope)
            await self.publish(entry)

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        """One read, which may take what waiting it was asked for, and the patience besides."""
        __tracebackhide__ = True
        return await bounded(
            self.relay.read(after, wait=wait), wait + self._patience, f"{self._name} to read"
        )

    async def read_promptly(self, after: Position | None, *, wait: float) -> RelayBatch:
        """One read, which has a reason to end long before `wait`."""
        __tracebackhide__ = True
        return await bounded(
            self.relay.read(after, wait=wait), self._patience, f"{self._name} to read at once"
        )

    async def read_all(self, after: Position | None, count: int) -> list[RelayBatch]:
        """The batches that hold the next `count` entries, and whatever else comes with them."""
        __tracebackhide__ = True
        return await bounded(
            self._read_until(after, lambda entries: len(entries) >= count),
            self._patience,
            f"{self._name} to read {count} entries",
        )

    async def entries_until(self, last: bytes) -> list[bytes]:
        """All entries that are kept, up to the batch with `last` in it."""
        __tracebackhide__ = True
        batches = await bounded(
            self._read_until(None, lambda entries: last in entries),
            self._patience,
            f"{self._name} to read {last!r}",
        )
        return entries_of(batches)

    async def _read_until(
        self, after: Position | None, is_enough: Callable[[list[bytes]], bool]
    ) -> list[RelayBatch]:
        batches: list[RelayBatch] = []
        while not is_enough(entries_of(batches)):
            # However the relay behaves: or the bound would never come to bear.
            await checkpoint()
            batch = await self.relay.read(after, wait=SHORT)
            if batch.entries:
                batches.append(batch)
                after = batch.position
        return batches

    async def sees(self, after: Position | None, *entries: bytes) -> Position | None:
        """Exactly `entries` follow `after`; returns the position behind them."""
        __tracebackhide__ = True
        batches = await self.read_all(after, len(entries))
        end = batches[-1].position if batches else after
        late = await self.read(end, wait=SHORT)
        self._check(entries_of([*batches, late]), entries)
        return end

    async def finds(self, after: Position | None, *entries: bytes) -> Position | None:
        """The same, by reads that must not wait and have no need to."""
        __tracebackhide__ = True
        found: list[bytes] = []
        while len(found) < len(entries):
            batch = await self.read(after, wait=0)
            assert batch.entries, f"{self._name} read {_shown(found)}, and then nothing"
            found, after = [*found, *batch.entries], batch.position
        self._check(found, entries)
        return after

    async def sees_one_by_one(
        self, writer: RelayUser, after: Position | None, *entries: bytes
    ) -> list[Position | None]:
        """Let `writer` publish, reading after each; returns the positions before and behind."""
        __tracebackhide__ = True
        positions = [after]
        for entry in entries:
            await writer.publish(entry)
            positions.append(await self.sees(positions[-1], entry))
        return positions

    async def hits_gap(self, after: Position | None) -> None:
        """Reading on from `after` is refused, as often as it is tried."""
        __tracebackhide__ = True
        for _ in range(2):
            try:
                batch = await self.read(after, wait=SHORT)
            except RelayGapError:
                continue
            found = _shown(batch.entries)
            raise AssertionError(f"{self._name} read {found} from {after!r}, which is no gap to it")

    async def is_refused(self, after: Position | None, *, wait: float) -> None:
        """Both verbs say that the relay can't be reached."""
        __tracebackhide__ = True
        try:
            await self.publish(b"refused")
        except RelayUnavailableError:
            await self.read_is_refused(after, wait=wait)
        else:
            raise AssertionError(f"{self._name} published to a log that is out of reach")

    async def read_is_refused(self, after: Position | None, *, wait: float) -> None:
        """A read says that the relay can't be reached, once `wait` is over or before."""
        __tracebackhide__ = True
        try:
            batch = await self.read(after, wait=wait)
        except RelayUnavailableError:
            return
        raise AssertionError(f"{self._name} read {batch} from a log that is out of reach")

    async def publish_when_back(self, entry: bytes) -> None:
        """Publish, again and again until the relay is no longer called unavailable."""
        __tracebackhide__ = True
        await bounded(
            self._publish_when_back(entry), self._patience, f"{self._name} to publish again"
        )

    async def _publish_when_back(self, entry: bytes) -> None:
        while True:
            try:
                return await self.relay.publish(entry)
            except RelayUnavailableError:
                await anyio.sleep(0.01)

    async def read_when_back(self, after: Position | None) -> RelayBatch:
        """Read, again and again until the relay is no longer called unavailable."""
        __tracebackhide__ = True
        return await bounded(
            self._read_when_back(after), self._patience, f"{self._name} to read again"
        )

    async def _read_when_back(self, after: Position | None) -> RelayBatch:
        while True:
            try:
                return await self.relay.read(after, wait=SHORT)
            except RelayUnavailableError:
                await anyio.sleep(0.01)

    def _check(self, found: Sequence[bytes], expected: Sequence[bytes]) -> None:
        __tracebackhide__ = True
        # Not a bare assertion: a comparison of megabytes would be printed.
        if list(found) != list(expected):
            raise AssertionError(f"{self._name} read {_shown(found)}, not {_shown(expected)}")


def entries_of(batches: Iterable[RelayBatch]) -> list[bytes]:
    """The entries of all batches in a row."""
    return [entry for batch in batches for entry in batch.entries]


def _shown(entries: Sequence[bytes]) -> str:
    shown = [each if len(each) <= 20 else f"{len(each)} bytes" for each in entries[:50]]
    more = f" and {len(entries) - 50} more" if len(entries) > 50 else ""
    return f"{shown}{more}"
