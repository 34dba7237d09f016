"""Relays that read wrongly where the log does not go on, or can't be reached."""

from __future__ import annotations

import anyio
from typing_extensions import override

from gatecast.errors import (
    RelayGapError,
    RelayUnavailableError,
)
from gatecast.ports import (
    Position,
    RelayBatch,
)
from tests.contracts.broken.relay_catalogue import Client, breaks


@breaks("RLY-3")
class SkipsAGap(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        try:
            return await super().read(after, wait=wait)
        except RelayGapError:
            return await super().read(None, wait=wait)


@breaks("RLY-3")
class TakesTrimmingForAGap(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        if after is not None and int(after.partition("/")[2]) <= self.broker.dropped:
            raise RelayGapError(after)
        return await super().read(after, wait=wait)


@breaks("RLY-3")
class TakesAnyLogForItsOwn(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        if after is not None:
            after = Position(f"{self.broker.log_id}/{after.partition('/')[2]}")
        return await super().read(after, wait=wait)


@breaks("RLY-3")
class MissesALossWhileItWaits(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        batch = await super().read(after, wait=0)
        if batch.entries:
            return batch
        try:
            return await super().read(after, wait=wait)
        except RelayGapError:
            return await super().read(None, wait=wait)


@breaks("RLY-9")
class HangsOnWhenCutOff(Client):
    @override
    async def publish(self, entry: bytes) -> None:
        await self._until_reachable()
        await super().publish(entry)

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        await self._until_reachable()
        return await super().read(after, wait=wait)

    async def _until_reachable(self) -> None:
        if not self.broker.reachable:
            await anyio.sleep_forever()


@breaks("RLY-9")
class ShowsTheErrorOfItsClient(Client):
    @override
    def reach(self) -> None:
        try:
            super().reach()
        except RelayUnavailableError as error:
            raise ConnectionResetError("cut off") from error


@breaks("RLY-9")
class DropsWhatItCanNotPublish(Client):
    @override
    async def publish(self, entry: bytes) -> None:
        if self.broker.reachable:
            await super().publish(entry)


@breaks("RLY-9")
class ReadsNothingWhenCutOff(Client):
    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        try:
            return await super().read(after, wait=wait)
        except RelayUnavailableError:
            return RelayBatch((), after)


@breaks("RLY-9")
class NeverComesBack(Client):
    gone = False

    @override
    def reach(self) -> None:
        self.gone = self.gone or not self.broker.reachable
        if self.gone:
            raise RelayUnavailableError("cut off")


@breaks("RLY-9")
class SkipsWhatCameBeforeTheOutage(Client):
    gone = False

    @override
    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        self.gone = self.gone or not self.broker.reachable
        if self.gone and self.broker.reachable:
            self.gone = False
            return RelayBatch((), self.broker.tip())
        return await super().read(after, wait=wait)
