"""The roster: who is connected. Every connection begins and ends here, for every cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from gatecast.connections._announcer import Announcer
from gatecast.connections._departing import Departing
from gatecast.connections._drops import Drops
from gatecast.connections._expiry import Expiry
from gatecast.connections._registry import Registry
from gatecast.connections.connection import Connection
from gatecast.connections.recipients import Selection, UnderKey
from gatecast.errors import FencedError, TransportInUseError
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import AnyIndex
from gatecast.ports.ending import Ending, ending_of_failure
from gatecast.ports.gate import Gate
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import DroppedConnection, OnDrop, Opened, Revoked
from gatecast.ports.runtime import Runtime

__all__ = ["Roster"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")


class Roster(Generic[THandle, TIdentity]):
    """The connections of one transport, their expiry, their drops, and the gate."""

    def __init__(
        self,
        indexes: Sequence[AnyIndex[TIdentity]],
        runtime: Runtime,
        new_id: Callable[[], UUID],
        on_drop: OnDrop[TIdentity],
        announcer: Announcer[TIdentity],
    ) -> None:
        self.registry: Registry[THandle, TIdentity] = Registry(indexes)
        self.rotations: int = 0
        """How many rotations there were; a choice that is older may be for old identities."""
        self._clock = runtime.clock
        self._new_id = new_id
        self._announcer = announcer
        self._expiry: Expiry[THandle, TIdentity] = Expiry(runtime, self.end_due)
        self._drops: Drops[THandle, TIdentity] = Drops(on_drop, announcer)
        self._gate: Gate | None = None

    # The gate

    def require_free(self) -> None:
        """Raise `TransportInUseError` if a cluster has this transport."""
        if self._gate is not None:
            raise TransportInUseError(self._announcer.transport_name)

    def attach_gate(self, gate: Gate) -> None:
        """Ask `gate` from now on; raises as `require_free` (CLU-3)."""
        self.require_free()
        self._gate = gate

    def require_open(self) -> None:
        """Raise `FencedError` if no connection may be admitted now."""
        if self._gate is not None and not self._gate.is_open():
            raise FencedError

    # The one way in which a connection begins

    def require_unexpired(self, identity: TIdentity) -> float | None:
        """When the credential of `identity` expires; raises `CredentialExpiredError` if it has."""
        return self._expiry.require_unexpired(identity)

    def begin(
        self, handle: THandle, identity: TIdentity, expires_at: float | None
    ) -> Connection[THandle, TIdentity]:
        """Register `handle`. Raises as `Registry.add` does, and then has changed nothing."""
        connection = Connection(ConnectionId(self._new_id()), handle, identity, self._clock())
        self.registry.add(connection)
        self._expiry.add(connection, expires_at)
        if self._announcer.active:
            name = self._announcer.transport_name
            self._announcer.announce(Opened(name, connection.id, identity))
        return connection

    def rotate(self, connection: Connection[THandle, TIdentity], identity: TIdentity) -> None:
        """Replace the credential of `connection` by another (REV-9).

        Raises `InvalidKeyError` or `CredentialExpiredError`, and then has changed nothing.
        """
        expires_at = self._expiry.require_unexpired(identity)
        self.registry.rotate(connection, identity)
        self.rotations += 1
        connection.rotation = self.rotations
        self._expiry.discard(connection)
        self._expiry.add(connection, expires_at)

    # The one way in which a connection ends

    def end(
        self,
        connections: Iterable[Connection[THandle, TIdentity]],
        ending: Ending,
        selection: Selection[TIdentity] | None = None,
    ) -> Departing[THandle, TIdentity]:
        """Forget `connections`; what is returned closes their handles.

        All are removed from the registry before the first handle is closed: a close that calls back
        into the transport finds none of them (REV-2, REV-3, BRD-6). A revocation gives its
        `selection`.
        """
        removed = [each for each in connections if self._forget(each, ending)]
        if not self._announcer.active:
            return Departing(removed, ending, self._announcer)
        revoked = None
        if selection is not None:
            index = selection.index.name if isinstance(selection, UnderKey) else None
            revoked = Revoked(self._announcer.transport_name, index, len(removed), ending)
        return Departing(removed, ending, self._announcer, self._clock(), revoked)

    def leave(self, handle: ConnectionHandle, ending: Ending) -> None:
        """Forget a handle whose peer has left, without closing it; idempotent (REG-3, LIF-1)."""
        connection = self.registry.by_handle(handle)
        if connection is not None:
            self.end((connection,), ending).close()

    def fail(self, connection: Connection[THandle, TIdentity], error: Exception) -> None:
        """End a connection whose handle raised `error` instead of accepting a frame (BRD-4)."""
        ending = ending_of_failure(error)
        if self._forget(connection, ending):
            name = self._announcer.transport_name
            self._drops.settle(
                Departing((connection,), ending, self._announcer, self._clock()),
                DroppedConnection(name, connection.id, connection.identity, error, ending),
            )

    def end_due(self) -> int:
        """End every connection that is due; return how many (REV-8, CLU-3)."""
        if self._gate is not None:
            self._gate.enforce()
        if not self._expiry.any_due():
            return 0
        return self.end(self._expiry.pop_due(), Ending.EXPIRED).close()

    def _forget(self, connection: Connection[THandle, TIdentity], ending: Ending) -> bool:
        """Remove `connection` from registry and schedule; False if it is removed already."""
        removed = self.registry.remove(connection, ending)
        if removed:
            self._expiry.discard(connection)
        return removed
