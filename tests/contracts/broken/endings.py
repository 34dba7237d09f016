"""Adapters that go wrong when a credential expires, or when they are drained."""

from __future__ import annotations

import math

from typing_extensions import override

from gatecast import Admission, Connection, ConnectionId, ConnectionIdentity
from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from tests.contracts.broken.catalogue import breaks

# --- expiry --------------------------------------------------------------------------------------


@breaks("REV-8")
class ForgetsWhatIsDue(MemoryTransport):
    @override
    def _close_due(self) -> int:
        return len(self._expiry.pop_due())


@breaks("REV-8")
class SaysThatTheExpiredWereRevoked(MemoryTransport):
    @override
    def _close_due(self) -> int:
        return self._close(self._expiry.pop_due(), 4001, "Session revoked")


@breaks("REV-8")
class ClosesTheExpiredButKeepsThem(MemoryTransport):
    @override
    def _close_due(self) -> int:
        due = self._expiry.pop_due()
        for connection in due:
            connection.handle.close(4001, "Credential expired")
        return len(due)


@breaks("REV-8")
class TakesTheExpiredForEndless(MemoryTransport):
    @override
    def _unexpired(self, identity: ConnectionIdentity) -> float | None:
        expires_at = identity.expires_at
        return None if expires_at is None or expires_at < self._host.wall_clock() else expires_at


@breaks("REV-8")
class KeepsTheOldExpiry(MemoryTransport):
    @override
    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> bool:
        connection = self._registry.by_id(connection_id)
        old = None if connection is None else connection.expires_at
        rotated = super().rotate_identity(connection_id, identity, admission=admission)
        if connection is not None:
            self._expiry.discard(connection)
            self._expiry.add(connection, old)
        return rotated


# --- draining ------------------------------------------------------------------------------------


@breaks("LIF-2")
class LetsNewcomersIn(MemoryTransport):
    @override
    def register(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> Connection[MemoryHandle, ConnectionIdentity]:
        self._draining = False
        return super().register(handle, identity, admission=admission)


@breaks("LIF-2")
class DrainsAsIfDone(MemoryHandle):
    @override
    def close(self, code: int = 1000, reason: str = "") -> None:
        super().close(1000 if code == 1001 else code, reason)


@breaks("LIF-2")
class DrainsWithoutWaiting(MemoryTransport):
    @override
    def _any_pending(self) -> bool:
        return False


@breaks("LIF-2")
class DrainsWithoutADeadline(MemoryTransport):
    @override
    async def drain(self, *, deadline: float = 10.0, batch: int = 100) -> int:
        return await super().drain(deadline=math.inf, batch=batch)
