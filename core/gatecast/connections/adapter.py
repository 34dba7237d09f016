"""The port for adapters: how an adapter admits its peers, and reports that one has left."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from gatecast.connections._door import Door
from gatecast.connections._home_thread import Call, HomeThread
from gatecast.connections._roster import Roster
from gatecast.connections.admission import Admission
from gatecast.connections.connection import Connection
from gatecast.ports.ending import Ending
from gatecast.ports.handle import ConnectionHandle

__all__ = ["AdapterPort"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")

_ADMIT: Final = Call("adapter.admit")
_LET_IN: Final = Call("adapter.let_in")
_LEFT: Final = Call("adapter.left")
_END: Final = Call("adapter.end")
_FAILED: Final = Call("adapter.failed")
_CLOSE_EXPIRED: Final = Call("adapter.close_expired")


class AdapterPort(Generic[THandle, TIdentity]):
    """What an adapter calls on its transport, in the order of a connection's life.

    Every method returns at once. Only the event loop's thread may call them (SHP-2).
    """

    __slots__ = ("_door", "_home", "_roster")

    def __init__(
        self,
        home: HomeThread,
        roster: Roster[THandle, TIdentity],
        door: Door[THandle, TIdentity],
    ) -> None:
        self._home = home
        self._roster = roster
        self._door = door

    @property
    def is_draining(self) -> bool:
        """Whether connections are no longer admitted: refuse peers before identifying them."""
        return self._door.is_shut

    def admit(self) -> Admission[TIdentity]:
        """Open an admission before a credential is checked, and end it in every case (REV-6)."""
        self._home.settle(_ADMIT)
        return self._door.open_admission()

    def let_in(
        self, handle: THandle, identity: TIdentity, admission: Admission[TIdentity]
    ) -> Connection[THandle, TIdentity] | None:
        """Register the handle that `admission` was opened for, or close it; ends the admission.

        Where `ConnectionTransport.add_connection` would raise an `AdmissionError`, this closes the
        handle with the fitting ending, and returns `None`. It raises all other errors.
        """
        self._home.settle(_LET_IN)
        return self._door.admit(handle, identity, admission)

    def refused(
        self, ending: Ending, *, identity: TIdentity | None = None, status: int | None = None
    ) -> None:
        """Report a peer that was refused before it had a handle, with the HTTP status it got."""
        self._door.report(ending, identity=identity, status=status)

    def left(self, handle: ConnectionHandle, ending: Ending = Ending.GONE) -> None:
        """Forget a handle whose peer has left, without closing it; idempotent (LIF-1)."""
        self._home.check(_LEFT)
        self._roster.leave(handle, ending)

    def end(self, handle: ConnectionHandle, ending: Ending) -> None:
        """Forget a handle, if it is registered, and close it: for an idle peer, for example."""
        self._home.check(_END)
        connection = self._roster.registry.by_handle(handle)
        if connection is None:
            handle.close(ending)
        else:
            self._roster.end((connection,), ending).close()

    def failed(self, handle: ConnectionHandle, error: Exception) -> None:
        """Drop a handle that could not deliver what it had accepted, as if `send` had raised.

        Does nothing if the handle is not registered any more (BRD-4).
        """
        self._home.check(_FAILED)
        connection = self._roster.registry.by_handle(handle)
        if connection is not None:
            self._roster.fail(connection, error)

    def close_expired(self) -> int:
        """Close every connection whose credential has expired; return how many (REV-8).

        The transport does so by itself when the next one is due, and before each message.
        """
        self._home.check(_CLOSE_EXPIRED)
        return self._roster.end_due()
