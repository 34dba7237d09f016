"""Draining: an orderly end for all connections before a server stops (LIF-2). No I/O."""

from __future__ import annotations

from typing import Final, TypeVar

from gatecast.close_codes import GOING_AWAY_REASON, CloseCode
from gatecast.connections._revocation import Revocation
from gatecast.errors import InvalidLimitError
from gatecast.ports.ports import ConnectionHandle, pending_of

__all__ = ["Draining"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")

_POLL_SECONDS: Final = 0.02
_PAUSE_SECONDS: Final = 0.05


class Draining(Revocation[THandle, TIdentity]):
    """Refuses newcomers, lets what waits go out, and closes what is left."""

    @property
    def is_draining(self) -> bool:
        """Whether `drain` was called: no connection is taken any more."""
        return self._draining

    async def drain(self, *, deadline: float = 10.0, batch: int = 100) -> int:
        """End all connections within `deadline` seconds; return how many were closed with 1001.

        From the call on, new connections are refused. What waits for a peer may go out for half of
        the time; then the connections are closed, `batch` at a time with pauses in between, so that
        their clients don't all reconnect in one instant. Raises `InvalidLimitError` if a value is
        not above zero. A transport that was drained stays so; if the drain was cancelled, another
        one closes what is left.
        """
        self._check_thread("drain")
        if not deadline > 0:
            raise InvalidLimitError("deadline", deadline)
        if batch < 1:
            raise InvalidLimitError("batch", batch)
        self._draining = True
        started = self._host.clock()
        while self._any_pending() and self._host.clock() < started + deadline / 2:
            await self._host.sleep(_POLL_SECONDS)
        return await self._close_in_batches(batch, started + deadline)

    def _any_pending(self) -> bool:
        return any(pending_of(connection.handle) for connection in self._registry.all())

    async def _close_in_batches(self, size: int, until: float) -> int:
        connections = self._registry.all()
        closed = 0
        while connections:
            batch, rest = connections[:size], connections[size:]
            closed += self._close(batch, CloseCode.GOING_AWAY, GOING_AWAY_REASON)
            # There is one after the last batch as well: its closes have yet to reach the server.
            pause = (until - self._host.clock()) / (1 + len(rest) / size)
            await self._host.sleep(min(max(pause, 0.0), _PAUSE_SECONDS))
            connections = [connection for connection in rest if connection.live]
        return closed
