"""Adapters that go wrong when a credential expires, when they are drained, or in the cause."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from typing_extensions import override

from gatecast import (
    Admission,
    ConnectionId,
    ConnectionIdentity,
    Ending,
    Predicate,
)
from gatecast.connections import Matching
from gatecast.ports import Frame
from gatecast_adapters.event_loop import RUNTIME
from gatecast_adapters.memory import MemoryHandle
from tests.contracts.broken.catalogue import breaks
from tests.contracts.broken.sound import GOODBYE, SoundHandle, SoundTransport

# --- expiry --------------------------------------------------------------------------------------


def _never(seconds: float, callback: object) -> Any:
    return lambda: None


@breaks("REV-8")
class ForgetsWhatIsDue(SoundTransport):
    """Nothing is ever due: it has no timer, and a clock that stands still."""

    def __init__(self, **options: Any) -> None:
        now = RUNTIME.wall_clock()
        runtime = replace(RUNTIME, call_later=_never, wall_clock=lambda: now)
        super().__init__(runtime=runtime, **options)


@breaks("REV-8")
class SaysThatTheExpiredWereRevoked(SoundHandle):
    @override
    def close(self, ending: Ending = GOODBYE) -> None:
        super().close(Ending.REVOKED if ending == Ending.EXPIRED else ending)


class KeepsExpiryFromTheCore(SoundTransport):
    """What the next ones have in common."""

    @override
    def add_connection(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> ConnectionId:
        endless = self.without_expiry(handle, identity)
        return super().add_connection(handle, endless, admission=admission)

    @override
    def let_in(
        self,
        handle: SoundHandle,
        identity: ConnectionIdentity,
        admission: Admission[ConnectionIdentity],
    ) -> None:
        super().let_in(handle, self.without_expiry(handle, identity), admission)

    def without_expiry(
        self, handle: MemoryHandle, identity: ConnectionIdentity
    ) -> ConnectionIdentity:
        raise NotImplementedError


@breaks("REV-8")
class ClosesTheExpiredButKeepsThem(KeepsExpiryFromTheCore):
    @override
    def without_expiry(
        self, handle: MemoryHandle, identity: ConnectionIdentity
    ) -> ConnectionIdentity:
        if identity.expires_at is None:
            return identity
        seconds = max(identity.expires_at - RUNTIME.wall_clock(), 0)
        RUNTIME.call_later(seconds, lambda: handle.close(Ending.EXPIRED))
        return replace(identity, expires_at=None)


@breaks("REV-8")
class TakesTheExpiredForEndless(KeepsExpiryFromTheCore):
    @override
    def without_expiry(
        self, handle: MemoryHandle, identity: ConnectionIdentity
    ) -> ConnectionIdentity:
        has_expired = identity.expires_at is not None and identity.expires_at < RUNTIME.wall_clock()
        return replace(identity, expires_at=None) if has_expired else identity


@breaks("REV-8")
class KeepsTheOldExpiry(SoundTransport):
    @override
    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> bool:
        for connection in self.get_connections():
            if connection.id == connection_id:
                identity = replace(identity, expires_at=connection.identity.expires_at)
        return super().rotate_identity(connection_id, identity, admission=admission)


# --- draining ------------------------------------------------------------------------------------


@breaks("LIF-2")
class LeavesNewcomersWaiting(SoundTransport):
    @override
    def let_in(
        self,
        handle: SoundHandle,
        identity: ConnectionIdentity,
        admission: Admission[ConnectionIdentity],
    ) -> None:
        if self.is_draining:
            self.adapter.refused(Ending.DRAINED, identity=identity)
        else:
            super().let_in(handle, identity, admission)


@breaks("LIF-2")
class DrainsAsIfDone(SoundHandle):
    @override
    def close(self, ending: Ending = GOODBYE) -> None:
        super().close(replace(ending, code=1000) if ending == Ending.DRAINED else ending)


@breaks("LIF-2")
class DrainsWithoutWaiting(SoundHandle):
    @property
    @override
    def pending(self) -> int:
        return 0


@breaks("LIF-2")
class DrainsWithoutADeadline(SoundTransport):
    @override
    async def drain(self, *, deadline: float = 10.0, batch: int = 100) -> int:
        return await super().drain(deadline=math.inf, batch=batch)


# --- causes --------------------------------------------------------------------------------------


@breaks("LIF-4")
class SaysThatTheAppClosedWhatARuleRevoked(SoundTransport):
    @override
    def close_where(
        self, predicate: Predicate[ConnectionIdentity], *, code: int = 4001, reason: str = ""
    ) -> int:
        super().close_where(lambda _: False)
        ending = Ending.by_app(code, reason or "Session revoked")
        return self.member.cut_off(Matching(predicate), ending).close()


class WithoutACause:
    """A handle that tells the one that it stands for code and reason only."""

    def __init__(self, handle: MemoryHandle) -> None:
        self._handle = handle

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._handle

    def __hash__(self) -> int:
        return hash(self._handle)

    def send(self, frame: Frame) -> None:
        self._handle.send(frame)

    def close(self, ending: Ending) -> None:
        self._handle.close(Ending.by_app(ending.code, ending.reason))


@breaks("LIF-4")
class PassesOnCodeAndReasonOnly(SoundTransport):
    def __init__(self, **options: Any) -> None:
        # Any: each stands for a handle, whose type it does not have.
        self._stand_ins: dict[MemoryHandle, Any] = {}
        super().__init__(**options)

    @override
    def add_connection(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> ConnectionId:
        stand_in = self._stand_ins.setdefault(handle, WithoutACause(handle))
        return super().add_connection(stand_in, identity, admission=admission)

    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        super().remove_connection(self._stand_ins.pop(handle, handle))
