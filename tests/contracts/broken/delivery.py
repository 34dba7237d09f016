"""Adapters that go wrong when a peer is slow or gone, or is told that it is over."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import anyio
from typing_extensions import override

from gatecast import (
    Frame,
    JsonrpcMessageFromServerToClient,
    OutboxLimits,
    SlowConsumerError,
    WrongThreadError,
)
from gatecast_adapters.event_loop import HOST
from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from gatecast_contracts import LiveAdapter, ServeOptions
from gatecast_contracts.transport import shape
from tests.contracts.broken.catalogue import breaks, transport_with
from tests.contracts.memory_contract import MemoryContract, MemoryFarEnd


class Watched(MemoryHandle):
    """Nothing is wrong with it, but one can see what the peer is about."""

    @property
    def stalled(self) -> bool:
        return not self._reading

    @property
    def over(self) -> bool:
        return self.closed is not None or self._gone


# --- backpressure --------------------------------------------------------------------------------


@breaks("BKP-1")
class WaitsForTheSlowest(MemoryTransport):
    """While one peer does not read, the messages for all are lost."""

    @override
    def _new_handle(self) -> MemoryHandle:
        return Watched(self._limits, self.remove_connection)

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        handles: list[object] = [connection.handle for connection in self.get_connections()]
        if len(handles) > 1 and any(isinstance(each, Watched) and each.stalled for each in handles):
            return len(handles)
        return super().broadcast(message)


class IgnoresALimit(MemoryTransport):
    """What the next ones have in common."""

    def __init__(self, *, limits: OutboxLimits, **options: Any) -> None:
        super().__init__(limits=self.limited(limits), **options)

    def limited(self, limits: OutboxLimits) -> OutboxLimits:
        raise NotImplementedError


@breaks("BKP-2")
class LetsAnyNumberWait(IgnoresALimit):
    @override
    def limited(self, limits: OutboxLimits) -> OutboxLimits:
        return OutboxLimits(max_messages=2**40, max_bytes=limits.max_bytes)


@breaks("BKP-2")
class LetsAnySizeWait(IgnoresALimit):
    @override
    def limited(self, limits: OutboxLimits) -> OutboxLimits:
        return OutboxLimits(max_messages=limits.max_messages, max_bytes=2**40)


@breaks("BKP-2")
class LosesWhatDoesNotFit(MemoryHandle):
    @override
    def send(self, frame: Frame) -> None:
        try:
            super().send(frame)
        except SlowConsumerError:
            return


@breaks("BKP-2")
class DropsWithoutAWord(MemoryTransport):
    def __init__(self, *, on_drop: object, **options: Any) -> None:
        super().__init__(on_drop=lambda dropped: None, **options)


@breaks("BKP-2")
class BlamesItself(MemoryHandle):
    @override
    def close(self, code: int = 1000, reason: str = "") -> None:
        super().close(1011 if code == 1013 else code, reason)


# --- lifecycle -----------------------------------------------------------------------------------


@breaks("LIF-1")
class NoticesNothing(MemoryHandle):
    def __init__(self, limits: OutboxLimits | None, on_vanish: object) -> None:
        super().__init__(limits)


class ServedByTasks(MemoryContract, abstract=True):
    """A task for each connection, as a real server has; it ends when this says so."""

    transport_type = transport_with(Watched)

    def is_over(self, handle: Watched) -> bool:
        return handle.over

    @override
    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        transport = self.transport_type(limits=options.limits, on_drop=options.on_drop)

        async def connection(
            ticket: str, *, task_status: anyio.abc.TaskStatus[MemoryFarEnd]
        ) -> None:
            handle = await transport.serve(identify=lambda: options.identify(ticket))
            assert isinstance(handle, Watched)
            task_status.started(MemoryFarEnd(handle))
            while not self.is_over(handle):  # noqa: ASYNC110  # as above: it sets no event
                await anyio.sleep(0.001)

        async with anyio.create_task_group() as tasks:
            yield LiveAdapter(transport, lambda ticket: tasks.start(connection, ticket))
            tasks.cancel_scope.cancel()


@breaks()
class WithTasks(ServedByTasks):
    """Nothing is wrong with it: it shows that the ones below fail for what they change."""


@breaks("LIF-1")
class KeepsTheTaskOfTheVanished(ServedByTasks):
    @override
    def is_over(self, handle: Watched) -> bool:
        return handle.closed is not None


@breaks("REV-7")
class WaitsForAStalledPeer(ServedByTasks):
    @override
    def is_over(self, handle: Watched) -> bool:
        return super().is_over(handle) and not handle.stalled


@breaks("LIF-3")
class KnowsOnlyAFewCodes(MemoryHandle):
    @override
    def close(self, code: int = 1000, reason: str = "") -> None:
        super().close(min(code, 4001), reason)


@breaks("LIF-3")
class WritesAsciiReasons(MemoryHandle):
    @override
    def close(self, code: int = 1000, reason: str = "") -> None:
        super().close(code, reason.encode("ascii", "replace").decode())


@breaks("LIF-3")
class ComesBack(MemoryFarEnd):
    @override
    async def reconnect(self) -> bool:
        return True


# --- shape ---------------------------------------------------------------------------------------


@breaks("SHP-1")
class TrustsEveryTransport(MemoryContract):
    @override
    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        with mock.patch.object(shape, "is_filterable_broadcast_transport", return_value=True):
            async with super().serve(options) as live:
                yield live


@breaks("SHP-2")
class TakesCallsFromAnyThread(MemoryTransport):
    def __init__(self, **options: Any) -> None:
        super().__init__(host=replace(HOST, thread_id=lambda: 0), **options)


@breaks("SHP-2")
class SaysOnlyThatItIsWrong(MemoryTransport):
    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        try:
            return super().broadcast(message)
        except WrongThreadError as error:
            error.args = ("wrong thread",)
            raise


@breaks("SHP-2")
class WantsATask(MemoryTransport):
    """Refuses a call that another thread has handed to the event loop."""

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        if not _in_a_task():
            raise WrongThreadError("broadcast")
        return super().broadcast(message)


def _in_a_task() -> bool:
    try:
        anyio.get_current_task()
    except (RuntimeError, anyio.NoEventLoopError):
        return False
    return True
