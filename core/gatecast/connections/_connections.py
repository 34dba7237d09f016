"""Connections: who is let in, and who is registered. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from gatecast.close_codes import EXPIRED_REASON, CloseCode, close_of, truncate_reason
from gatecast.connections._expiry import Expiry, expiry_of
from gatecast.connections._fanout import Fanouts
from gatecast.connections._home_thread import HomeThread
from gatecast.connections._registry import Registry
from gatecast.connections.admission import Admission, Admissions
from gatecast.connections.caps import Cap, Caps
from gatecast.connections.connection import Connection
from gatecast.connections.drops import DroppedConnection, Drops, OnDrop, close_handle, log_drop
from gatecast.errors import AdmissionError, CredentialExpiredError, DrainingError, FencedError
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import BUILT_IN, AnyIndex
from gatecast.ports.ports import ConnectionHandle, Gate, Tell
from gatecast.ports.runtime import Host

__all__ = ["Connections"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")


class Connections(Generic[THandle, TIdentity]):
    """The connections of one transport: registration and admission.

    Every verb returns at once and never waits for a peer. While there is a connection or an open
    admission, a verb that is called on another thread raises `WrongThreadError` (SHP-2); only
    `is_ready`, `get_connection_count` and `get_connections`, which change nothing, answer anywhere.

    `host` is the clock, thread and event loop they live on; for the rest see `TransportOptions`.
    """

    def __init__(
        self,
        *,
        host: Host,
        indexes: Sequence[AnyIndex[TIdentity]] = (),
        new_id: Callable[[], UUID] = uuid4,
        on_drop: OnDrop[TIdentity] = log_drop,
        max_admission_seconds: float = 60.0,
        caps: Sequence[Cap[TIdentity]] = (),
    ) -> None:
        declared = (*BUILT_IN, *indexes)
        self._host = host
        self._new_id = new_id
        self._home = HomeThread(host.thread_id)
        self._registry: Registry[THandle, TIdentity] = Registry(declared)
        self._admissions: Admissions[TIdentity] = Admissions(
            declared, host.clock, max_admission_seconds
        )
        self._caps: Caps[THandle, TIdentity] = Caps(caps, self._registry)
        self._expiry: Expiry[THandle, TIdentity] = Expiry(host, self._close_due)
        self._draining = False
        self._gate: Gate | None = None
        self._rotations = 0
        self._drops = Drops(on_drop)
        self._fanouts: Fanouts[THandle, TIdentity] = Fanouts(self._drop)

    def attach_gate(self, gate: Gate) -> None:
        """Ask `gate` from now on, in the place of any gate before it (CLU-3)."""
        self._check_thread("attach_gate")
        self._gate = gate

    def admit(self) -> Admission[TIdentity]:
        """Open an admission: call it before a credential is checked, and end it afterwards (REV-6).

        A revocation from now on also refuses the connection that this admission is for.
        """
        self._settle_thread("admit")
        return self._admissions.begin()

    def add_connection(
        self, handle: THandle, identity: TIdentity, *, admission: Admission[TIdentity] | None = None
    ) -> ConnectionId:
        """Register `handle` as belonging to `identity`, which is kept as given (REG-1).

        Raises `DuplicateHandleError` (REG-2), `InvalidKeyError` or `InvalidExpiryError` if a key or
        the expiry of `identity` has the wrong type, and an `AdmissionError` if it is not let in: it
        was revoked during `admission` or that took too long (REV-6), it has expired (REV-8), a cap
        is reached, the transport is draining (LIF-2), or the node is fenced (CLU-3). Whatever it
        raises, nothing has changed.
        """
        return self.register(handle, identity, admission=admission).id

    def register(
        self, handle: THandle, identity: TIdentity, *, admission: Admission[TIdentity] | None = None
    ) -> Connection[THandle, TIdentity]:
        """What `add_connection` does, for an adapter, which goes on with the connection itself."""
        self._settle_thread("add_connection")
        # First, since `let_in` closes a handle that is refused, and this one is somebody's.
        self._registry.require_new(handle)
        if self._draining:
            raise DrainingError
        if self._gate is not None and not self._gate.is_open():
            raise FencedError
        # What should be gone by now takes nobody's place. It comes before the check, since a handle
        # may call back and revoke the newcomer meanwhile.
        self._close_due()
        if admission is not None:
            self._admissions.check(admission, identity)
        expires_at = self._unexpired(identity)
        surplus = self._caps.surplus(identity)
        connection = Connection(ConnectionId(self._new_id()), handle, identity)
        self._registry.add(connection)
        self._expiry.add(connection, expires_at)
        self._close(surplus, CloseCode.TOO_MANY_CONNECTIONS, "Replaced by a newer connection")
        return connection

    def let_in(
        self, handle: THandle, identity: TIdentity, admission: Admission[TIdentity]
    ) -> Connection[THandle, TIdentity] | None:
        """Register the handle that `admission` was opened for, or close it; ends the admission.

        For adapters. Where `add_connection` raises an `AdmissionError`, the handle is closed with
        the code that fits, and there is no connection. Raises as `add_connection` does for
        everything else.
        """
        try:
            return self.register(handle, identity, admission=admission)
        except AdmissionError as error:
            close_handle(handle, *close_of(error))
        finally:
            admission.end()
        return None

    def remove_connection(self, handle: THandle) -> None:
        """Forget `handle` without closing it; idempotent, and leaves no trace (REG-3)."""
        self._check_thread("remove_connection")
        connection = self._registry.by_handle(handle)
        if connection is not None:
            self._forget(connection)

    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: TIdentity,
        *,
        admission: Admission[TIdentity] | None = None,
    ) -> bool:
        """Put a refreshed credential in the place of the old one, without a reconnect (REV-9).

        From now on the new keys and the new expiry close the connection, and the old ones don't.
        Returns False if there is no such connection any more, because its old credential has ended
        for example (REV-8). Raises what `add_connection` does for an identity that is malformed,
        revoked or expired; then the old identity stays.
        """
        self._check_thread("rotate_identity")
        self._close_due()
        # What is under way was allowed for the old identity and might not be for the new one. It
        # comes before the check, since a handle may call back and revoke the new one meanwhile.
        self._fanouts.finish()
        if admission is not None:
            self._admissions.check(admission, identity)
        connection = self._registry.by_id(connection_id)
        if connection is None:
            return False
        expires_at = self._unexpired(identity)
        self._registry.rotate(connection, identity)
        self._rotations += 1
        connection.rotation = self._rotations
        self._expiry.discard(connection)
        self._expiry.add(connection, expires_at)
        return True

    def is_ready(self) -> bool:
        """Whether there is at least one connection (REG-4)."""
        return len(self._registry) > 0

    def get_connection_count(self) -> int:
        """How many connections are registered, vanished peers not yet noticed included (REG-4)."""
        return len(self._registry)

    def get_connections(self) -> list[Connection[THandle, TIdentity]]:
        """Who is connected now, oldest first."""
        return self._registry.all()

    def _close(
        self, connections: list[Connection[THandle, TIdentity]], code: int, reason: str
    ) -> int:
        return self._cut_off(connections, code, reason)()

    def _cut_off(
        self, connections: list[Connection[THandle, TIdentity]], code: int, reason: str
    ) -> Tell:
        # All are out of the registry before the first handle is told: a close that calls back into
        # the transport finds none of them (REV-2, REV-3, BRD-6).
        wire_reason = truncate_reason(reason)
        removed = [connection for connection in connections if self._forget(connection)]

        def tell() -> int:
            for connection in removed:
                close_handle(connection.handle, code, wire_reason)
            return len(removed)

        return tell

    def drop_connection(self, handle: ConnectionHandle, error: Exception) -> None:
        """Drop a handle that could not deliver what it had accepted, as if `send` had raised.

        For adapters. Does nothing if the handle is not registered any more.
        """
        self._check_thread("drop_connection")
        connection = self._registry.by_handle(handle)
        if connection is not None:
            self._drop(connection, error)

    def _drop(self, connection: Connection[THandle, TIdentity], error: Exception) -> None:
        if self._forget(connection):
            dropped = DroppedConnection(connection.id, connection.identity, error)
            self._drops.settle(connection.handle, dropped)

    def _forget(self, connection: Connection[THandle, TIdentity]) -> bool:
        """Take `connection` out of everything; False if it is out already."""
        removed = self._registry.remove(connection)
        if removed:
            self._expiry.discard(connection)
        return removed

    def _unexpired(self, identity: TIdentity) -> float | None:
        expires_at = expiry_of(identity)
        if expires_at is not None and expires_at <= self._host.wall_clock():
            raise CredentialExpiredError(expires_at)
        return expires_at

    def _close_due(self) -> int:
        if self._gate is not None:
            self._gate.enforce()
        if not self._expiry.any_due():
            return 0
        return self._close(self._expiry.pop_due(), CloseCode.SESSION_REVOKED, EXPIRED_REASON)

    def _check_thread(self, verb: str) -> None:
        if self._in_use():
            self._home.check(verb)

    def _settle_thread(self, verb: str) -> None:
        if self._in_use():
            self._home.check(verb)
        else:
            self._home.settle()

    def _in_use(self) -> bool:
        return len(self._registry) > 0 or self._admissions.any_open()
