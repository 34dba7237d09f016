"""Relays that publish wrongly."""

from __future__ import annotations

import anyio
from anyio.lowlevel import checkpoint
from typing_extensions import override

from gatecast.errors import RelayUnavailableError
from gatecast.ports import (
    Position,
    RelayBatch,
)
from gatecast_adapters.event_loop import call_later
from tests.contracts.broken.relay_catalogue import Broker, Client, breaks


@breaks("RLY-1")
class LetsSmallEntriesOvertake(Client):
    @override
    async def publish(self, entry: bytes) -> None:
        for _ in range(min(len(entry) // 400, 400)):
            await checkpoint()
        await super().publish(entry)


@breaks("RLY-1")
class ReadsItsOwnFirst(Client):
    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._own: set[bytes] = set()

    @override
    async def publish(self, entry: bytes) -> None:
        self._own.add(entry)
        await super().publish(entry)

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=wait)
        entries = sorted(batch.entries, key=lambda entry: entry not in self._own)
        return RelayBatch(tuple(entries), batch.position)


@breaks("RLY-4")
class AcknowledgesTooEarly(Client):
    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._buffer: list[bytes] = []

    @override
    async def publish(self, entry: bytes) -> None:
        self.reach()
        self._buffer.append(entry)
        call_later(0.01, self._flush)
        await checkpoint()

    def _flush(self) -> None:
        while self._buffer:
            self.broker.append(self._buffer.pop(0))


@breaks("RLY-4")
class StartsAtTheEnd(Client):
    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._start = broker.tip()

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        return await super().read(self._start if after is None else after, wait=wait)


@breaks("RLY-7")
class TakesEntriesForText(Client):
    @override
    async def publish(self, entry: bytes) -> None:
        await super().publish(entry.decode(errors="replace").encode())


@breaks("RLY-7")
class TakesNothingForNoEntry(Client):
    @override
    async def publish(self, entry: bytes) -> None:
        if entry:
            await super().publish(entry)


@breaks("RLY-7")
class RefusesLargeEntries(Client):
    @override
    async def publish(self, entry: bytes) -> None:
        if len(entry) > 1024 * 1024:
            raise RelayUnavailableError("the connection was closed")
        await super().publish(entry)


@breaks("RLY-8")
class DropsTheGroupOfACancelledPublish(Client):
    """Whoever comes first publishes for all who come meanwhile."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._group: list[bytes] = []
        self._done = anyio.Event()

    @override
    async def publish(self, entry: bytes) -> None:
        self.reach()
        self._group.append(entry)
        if len(self._group) == 1:
            await self._publish_group()
        else:
            await self._done.wait()

    async def _publish_group(self) -> None:
        try:
            await anyio.sleep(0.005)
            for entry in self._group:
                self.broker.append(entry)
        finally:
            self._group = []
            self._done.set()
            self._done = anyio.Event()
