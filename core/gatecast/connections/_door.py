"""The door: who is admitted. No I/O."""

from __future__ import annotations

from typing import Generic, TypeVar

from gatecast.connections._announcer import Announcer
from gatecast.connections._departing import Interruption, close_handle
from gatecast.connections._roster import Roster
from gatecast.connections.admission import Admission, Admissions
from gatecast.connections.caps import CapLimits
from gatecast.connections.connection import Connection
from gatecast.errors import AdmissionError, DrainingError
from gatecast.ports.ending import Ending, ending_of_refusal
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import Refused

__all__ = ["Door"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")


class Door(Generic[THandle, TIdentity]):
    """Admits connections to one transport, or refuses them."""

    def __init__(
        self,
        roster: Roster[THandle, TIdentity],
        admissions: Admissions[TIdentity],
        caps: CapLimits[THandle, TIdentity],
        announcer: Announcer[TIdentity],
    ) -> None:
        self.is_shut: bool = False
        """Whether the transport is draining, and admits no more connections (LIF-2)."""
        self._roster = roster
        self._admissions = admissions
        self._caps = caps
        self._announcer = announcer

    def open_admission(self) -> Admission[TIdentity]:
        """Open an admission: revocations from now on count for it (REV-6)."""
        return self._admissions.begin()

    def shut(self) -> None:
        """Admit nobody from now on."""
        self.is_shut = True

    def register(
        self, handle: THandle, identity: TIdentity, admission: Admission[TIdentity] | None
    ) -> Connection[THandle, TIdentity]:
        """As `ConnectionTransport.add_connection`; return the connection."""
        # First: a refused handle is closed, and this one may belong to an open connection.
        self._roster.registry.require_new(handle)
        try:
            return self._register(handle, identity, admission)
        except AdmissionError as error:
            self.report(ending_of_refusal(error), identity=identity)
            raise

    def admit(
        self, handle: THandle, identity: TIdentity, admission: Admission[TIdentity]
    ) -> Connection[THandle, TIdentity] | None:
        """Register the handle that `admission` was opened for, or close it; ends the admission."""
        try:
            return self.register(handle, identity, admission)
        except AdmissionError as error:
            interruption = Interruption()
            close_handle(handle, ending_of_refusal(error), interruption)
            interruption.throw()
        finally:
            admission.end()
        return None

    def require_unrevoked(
        self, identity: TIdentity, admission: Admission[TIdentity] | None
    ) -> None:
        """Raise an `AdmissionError` if `identity` was revoked during `admission` (REV-6)."""
        if admission is not None:
            self._admissions.check(admission, identity)

    def report(
        self, ending: Ending, *, identity: TIdentity | None = None, status: int | None = None
    ) -> None:
        """Notify the observer that a connection was not admitted."""
        if self._announcer.active:
            name = self._announcer.transport_name
            self._announcer.announce(Refused(name, ending, identity, status))

    def _register(
        self, handle: THandle, identity: TIdentity, admission: Admission[TIdentity] | None
    ) -> Connection[THandle, TIdentity]:
        if self.is_shut:
            raise DrainingError
        self._roster.require_open()
        # Connections that are due must not count for a cap. Before the check, since a handle may
        # call back and revoke the new credential.
        self._roster.end_due()
        self.require_unrevoked(identity, admission)
        expires_at = self._roster.require_unexpired(identity)
        surplus = self._caps.surplus(identity)
        connection = self._roster.begin(handle, identity, expires_at)
        self._roster.end(surplus, Ending.REPLACED).close()
        return connection
