"""The drainer: an orderly end for all connections before a server stops (LIF-2). No I/O."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from gatecast.connections._door import Door
from gatecast.connections._roster import Roster
from gatecast.errors import InvalidLimitError
from gatecast.ports.ending import Ending
from gatecast.ports.handle import ConnectionHandle, pending_of
from gatecast.ports.runtime import Runtime

__all__ = ["Drainer"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")

_POLL_SECONDS: Final = 0.02
_PAUSE_SECONDS: Final = 0.05


class Drainer(Generic[THandle, TIdentity]):
    """Refuses new connections, waits for queued messages, and closes all connections."""

    def __init__(
        self,
        roster: Roster[THandle, TIdentity],
        door: Door[THandle, TIdentity],
        runtime: Runtime,
    ) -> None:
        self._roster = roster
        self._registry = roster.registry
        self._door = door
        self._runtime = runtime

    async def drain(self, deadline: float, batch: int) -> int:
        """As `ConnectionTransport.drain`."""
        if not deadline > 0:
            raise InvalidLimitError("deadline", deadline)
        if batch < 1:
            raise InvalidLimitError("batch", batch)
        self._door.shut()
        started = self._runtime.clock()
        while self._any_pending() and self._runtime.clock() < started + deadline / 2:
            await self._runtime.sleep(_POLL_SECONDS)
        return await self._close_in_batches(batch, started + deadline)

    def _any_pending(self) -> bool:
        return any(pending_of(connection.handle) for connection in self._registry.all())

    async def _close_in_batches(self, size: int, until: float) -> int:
        connections = self._registry.all()
        closed = 0
        while connections:
            batch, rest = connections[:size], connections[size:]
            closed += self._roster.end(batch, Ending.DRAINED).close()
            # After the last batch as well: its closes have not reached the server yet.
            pause = (until - self._runtime.clock()) / (1 + len(rest) / size)
            await self._runtime.sleep(min(max(pause, 0.0), _PAUSE_SECONDS))
            connections = [connection for connection in rest if connection.live]
        return closed
