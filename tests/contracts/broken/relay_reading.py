"""Relays that read wrongly, although the log goes on."""

from __future__ import annotations

import anyio
from typing_extensions import override

from gatecast.errors import RelayUnavailableError
from gatecast.ports import (
    Position,
    RelayBatch,
)
from tests.contracts.broken.relay_catalogue import Broker, Client, breaks


@breaks("RLY-2")
class StartsAgainWhenNothingCame(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=wait)
        return batch if batch.entries else RelayBatch((), None)


@breaks("RLY-2")
class RepeatsAnEntryForOthers(Client):
    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._given: set[Position | None] = {None}

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        if after is not None and after not in self._given:
            log_id, _, count = after.partition("/")
            after = Position(f"{log_id}/{int(count) - 1}")
        batch = await super().read(after, wait=wait)
        self._given.add(batch.position)
        return batch


@breaks("RLY-2")
class TakesEqualEntriesForOne(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=wait)
        return RelayBatch(tuple(dict.fromkeys(batch.entries)), batch.position)


@breaks("RLY-5")
class IsNotWoken(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=0)
        if batch.entries:
            return batch
        await anyio.sleep(wait)
        return await super().read(after, wait=0)


@breaks("RLY-5")
class WakesOneReaderOnly(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        self.broker.readers += 1
        try:
            if self.broker.readers > 1:
                await anyio.sleep(wait)
            return await super().read(after, wait=wait)
        finally:
            self.broker.readers -= 1


@breaks("RLY-5")
class WaitsInAnyCase(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        await anyio.sleep(wait)
        return await super().read(after, wait=0)


@breaks("RLY-5")
class NeverWaits(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        return await super().read(after, wait=0)


@breaks("RLY-5")
class WaitsForEverInsteadOfNotAtAll(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        milliseconds = int(wait * 1000)
        return await super().read(after, wait=milliseconds / 1000 or 1000)


@breaks("RLY-6")
class ReturnsEverythingAtOnce(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=wait)
        while (more := await super().read(batch.position, wait=0)).entries:
            batch = RelayBatch(batch.entries + more.entries, more.position)
        return batch


@breaks("RLY-6")
class SkipsWhatDoesNotFit(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=wait)
        return RelayBatch(batch.entries, self.broker.tip())


@breaks("RLY-8")
class LosesWhatACancelledReadWaitedFor(Client):
    lost = 0

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        try:
            batch = await super().read(after, wait=wait)
        except anyio.get_cancelled_exc_class():
            self.lost = 1
            raise
        lost, self.lost = self.lost, 0
        return RelayBatch(batch.entries[lost:], batch.position)


@breaks("RLY-8")
class IsBrokenByACancelledRead(Client):
    broken = False

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        if self.broken:
            raise RelayUnavailableError("the reply to another command")
        try:
            return await super().read(after, wait=wait)
        except anyio.get_cancelled_exc_class():
            self.broken = True
            raise
