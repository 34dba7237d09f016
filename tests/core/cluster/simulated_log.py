"""A log that can lose what it had, and a node's way to it, which can break in either direction."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gatecast.errors import RelayGapError, RelayUnavailableError
from gatecast.ports.relay import Position, RelayBatch
from tests.core.fakes import checkpoint

TIMEOUT = 1.0
"""For how many seconds a relay waits for an answer, by the clock of its node."""


@dataclass(frozen=True, eq=False)
class Stored:
    """An entry at one place in the log; a repeated one is stored at two."""

    place: int
    """Also the instant it came there, on the counter of the simulation."""

    entry: bytes

    at: Mapping[object, float]
    """That instant by the clock of each node."""


class SimulatedLog:
    """A chain of entries. What is trimmed can't be read any more; what is lost never was there."""

    def __init__(
        self, tick: Callable[[], int], clocks: Callable[[], Mapping[object, float]]
    ) -> None:
        self._tick = tick
        self._clocks = clocks
        self._chain: list[Stored] = []
        self._trimmed = 0
        self.late: list[bytes] = []
        """What nobody waits for any more, and what may come into the log all the same."""
        self._ever: list[bytes] = []
        self.is_whole = True
        """Whether nothing was ever trimmed or lost."""

    @property
    def newest(self) -> int:
        """The place of the newest entry."""
        return self._chain[-1].place if self._chain else 0

    def append(self, entry: bytes) -> None:
        self._chain.append(Stored(self._tick(), entry, self._clocks()))
        self._ever.append(entry)

    def repeat(self, back: int) -> None:
        """A client did not notice that it had succeeded, and tried again."""
        if len(self._chain) >= back:
            self.append(self._chain[-back].entry)

    def arrive_late(self) -> None:
        if self.late:
            self.append(self.late.pop(0))

    def trim(self, kept: int) -> None:
        """Keep only the newest entries."""
        self.is_whole = False
        self._trimmed = max(self._trimmed, len(self._chain) - kept)

    def lose(self, entries: int) -> None:
        """A replica takes over that lagged by so many entries, or that had none."""
        self.is_whole = False
        del self._chain[max(0, len(self._chain) - entries) :]
        self._trimmed = min(self._trimmed, len(self._chain))

    def has(self, entry: bytes) -> bool:
        """Whether it is in the log, or was until it was trimmed."""
        return any(stored.entry == entry for stored in self._chain)

    def find(self, text: str) -> bytes | None:
        """The first entry with `text` in it, also if it is not in the log any more."""
        return next((entry for entry in self._ever if text.encode() in entry), None)

    def knows(self, place: int) -> bool:
        """Whether something is, or was until it was trimmed, at this place."""
        index = self._index(place)
        return place == 0 or (index > 0 and self._chain[index - 1].place == place)

    def first_after(self, place: int) -> Stored | None:
        """The first entry after `place`, also if it was trimmed."""
        return next(iter(self._chain[self._index(place) :]), None)

    def after(self, position: Position | None, most: int) -> Sequence[Stored]:
        """At most so many of the entries after `position`."""
        start = self._trimmed
        if position is not None:
            start = self._index(int(position))
            if start < self._trimmed or not self.knows(int(position)):
                raise RelayGapError(position)
        return self._chain[start : start + most]

    def _index(self, place: int) -> int:
        return bisect_right(self._chain, place, key=lambda stored: stored.place)


class Watcher(Protocol):
    """Somebody who watches what one node reads."""

    def asked(self, place: int) -> None:
        """The node has done with everything up to this place."""
        ...

    def answered(self, batch: Sequence[Stored], place: int) -> None:
        """The node is given these entries, and then knows the log up to this place."""
        ...

    def failed(self) -> None:
        """The node is told that the relay can't be reached."""
        ...

    def broke(self) -> None:
        """The node is told that there is a gap."""
        ...


class SimulatedRelay:
    """One node's way to the log."""

    def __init__(
        self, log: SimulatedLog, clock: Callable[[], float], watcher: Watcher, most: int
    ) -> None:
        self._log = log
        self._clock = clock
        self._watcher = watcher
        self._most = most
        self._queue: deque[object] = deque()
        self.mute = False
        """No request comes through."""
        self.deaf = False
        """No answer comes through."""

    async def publish(self, entry: bytes) -> None:
        deadline = self._clock() + TIMEOUT
        await self._append(entry, deadline)
        await self._hear(deadline)

    async def _append(self, entry: bytes, deadline: float) -> None:
        """Append, in the order of the calls; what is given up meanwhile may arrive late."""
        ticket = object()
        self._queue.append(ticket)
        outcome = self._log.late.append
        try:
            while self.mute or self._queue[0] is not ticket:
                await self._wait(deadline)
            outcome = self._log.append
        finally:
            self._queue.remove(ticket)
            outcome(entry)

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        self._watcher.asked(int(after or 0))
        until = self._clock() + wait
        try:
            batch = await self._read(after, until)
        except RelayGapError:
            self._watcher.broke()
            raise
        except RelayUnavailableError:
            self._watcher.failed()
            raise
        position = Position(str(batch[-1].place)) if batch else after
        self._watcher.answered(batch, int(position or 0))
        return RelayBatch(tuple(stored.entry for stored in batch), position)

    async def _read(self, after: Position | None, until: float) -> Sequence[Stored]:
        try:
            batch = await self._find(after, until)
        except RelayGapError:
            await self._hear(until + TIMEOUT)
            raise
        # An answer that is under way stays what it was.
        await self._hear(until + TIMEOUT)
        return batch

    async def _find(self, after: Position | None, until: float) -> Sequence[Stored]:
        while self.mute:
            await self._wait(until + TIMEOUT)
        batch = self._log.after(after, self._most)
        while not batch and self._clock() < until:
            await checkpoint()
            batch = self._log.after(after, self._most)
        return batch

    async def _hear(self, deadline: float) -> None:
        while self.deaf:
            await self._wait(deadline)

    async def _wait(self, deadline: float) -> None:
        if self._clock() >= deadline:
            raise RelayUnavailableError("timed out")
        await checkpoint()
