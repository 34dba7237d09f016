"""Adapters that go wrong when a peer is slow or gone, or when it is closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
from typing_extensions import override

from gatecast import ConnectionId, Ending, JsonrpcMessageFromServerToClient, OutboxLimits
from gatecast.errors import SlowConsumerError, WrongThreadError
from gatecast.ports import Frame
from gatecast_adapters.event_loop import RUNTIME
from gatecast_contracts import LiveAdapter, ServeOptions
from tests.contracts.broken.catalogue import breaks
from tests.contracts.broken.sound import GOODBYE, SoundHandle, SoundTransport
from tests.contracts.memory_contract import MemoryContract, MemoryFarEnd

# --- backpressure --------------------------------------------------------------------------------


@breaks("BKP-1")
class WaitsForTheSlowest(SoundTransport):
    """While one peer does not read, the messages for all are lost."""

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        handles: list[object] = [connection.handle for connection in self.get_connections()]
        if len(handles) > 1 and any(
            isinstance(each, SoundHandle) and each.stalled for each in handles
        ):
            return len(handles)
        return super().broadcast(message, exclude=exclude)


class IgnoresALimit(SoundTransport):
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
class LosesWhatDoesNotFit(SoundHandle):
    @override
    def send(self, frame: Frame) -> None:
        try:
            super().send(frame)
        except SlowConsumerError:
            return


@breaks("BKP-2")
class DropsWithoutAWord(SoundTransport):
    def __init__(self, *, on_drop: object, **options: Any) -> None:
        super().__init__(on_drop=self.say_nothing, **options)

    def say_nothing(self, dropped: object) -> None:
        pass


@breaks("BKP-2")
class BlamesItself(SoundHandle):
    @override
    def close(self, ending: Ending = GOODBYE) -> None:
        super().close(replace(ending, code=1011) if ending == Ending.SLOW else ending)


# --- lifecycle -----------------------------------------------------------------------------------


@breaks("LIF-1", "OBS-1")
class NoticesNothing(SoundHandle):
    def __init__(self, limits: OutboxLimits | None, on_vanish: object) -> None:
        super().__init__(limits, lambda handle: None)


class ServedByTasks(MemoryContract, abstract=True):
    """A task for each connection, as a real server has; it ends when this says so."""

    transport_type = SoundTransport

    def is_over(self, handle: SoundHandle) -> bool:
        return handle.over

    @override
    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        transport = self.transport_type(limits=options.limits, **options.for_transport)

        async def connection(
            ticket: str, *, task_status: anyio.abc.TaskStatus[MemoryFarEnd]
        ) -> None:
            handle = await transport.serve(identify=lambda: options.identify(ticket))
            assert isinstance(handle, SoundHandle)
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
    def is_over(self, handle: SoundHandle) -> bool:
        return handle.closed is not None


@breaks("REV-7")
class WaitsForAStalledPeer(ServedByTasks):
    @override
    def is_over(self, handle: SoundHandle) -> bool:
        return super().is_over(handle) and not handle.stalled


@breaks("LIF-3")
class KnowsOnlyAFewCodes(SoundHandle):
    @override
    def close(self, ending: Ending = GOODBYE) -> None:
        super().close(replace(ending, code=min(ending.code, 4001)))


@breaks("LIF-3")
class WritesAsciiReasons(SoundHandle):
    @override
    def close(self, ending: Ending = GOODBYE) -> None:
        reason = ending.reason.encode("ascii", "replace").decode()
        super().close(replace(ending, reason=reason))


@breaks("LIF-3")
class ComesBack(MemoryFarEnd):
    @override
    async def reconnect(self) -> bool:
        return True


# --- shape ---------------------------------------------------------------------------------------


@breaks("SHP-1")
class IsCalledByANumber(SoundTransport):
    @property
    @override
    # Any: the type checkers refuse a number, too.
    def transport_name(self) -> Any:
        return 7


@breaks("SHP-2")
class TakesCallsFromAnyThread(SoundTransport):
    def __init__(self, **options: Any) -> None:
        super().__init__(runtime=replace(RUNTIME, thread_id=lambda: 0), **options)


@breaks("SHP-2")
class SaysOnlyThatItIsWrong(SoundTransport):
    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        try:
            return super().broadcast(message, exclude=exclude)
        except WrongThreadError as error:
            error.args = ("wrong thread",)
            raise


@breaks("SHP-2")
class WantsATask(SoundTransport):
    """Refuses a call that another thread has handed to the event loop."""

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        if not _in_a_task():
            raise WrongThreadError("broadcast")
        return super().broadcast(message, exclude=exclude)


def _in_a_task() -> bool:
    try:
        anyio.get_current_task()
    except (RuntimeError, anyio.NoEventLoopError):
        return False
    return True
