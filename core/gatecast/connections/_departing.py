"""The second step of an end: the connections are forgotten, and now their handles are closed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from gatecast.connections._announcer import Announcer
from gatecast.connections.connection import Connection
from gatecast.ports.ending import Ending
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import Ended, Revoked

__all__ = ["CutOff", "Departing", "DepartingTogether", "Interruption", "close_handle"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")


class CutOff(Protocol):
    """Connections that are out of the registry, with handles that are still open.

    A revocation on several transports cuts off on all of them before it closes any handle: a close
    may call back, and must not reach connections that are being revoked elsewhere (REV-2).
    """

    def close(self) -> int:
        """Close all handles, even if one of them raises (REV-5); return how many. Call it once."""
        ...


class Interruption:
    """Keeps the first error that must be raised until everything else is done (REV-5)."""

    __slots__ = ("_error",)

    def __init__(self) -> None:
        self._error: BaseException | None = None

    def keep(self, error: BaseException) -> None:
        """Keep `error` if it is the first; later ones become notes of the first."""
        if self._error is None:
            self._error = error
        else:
            self._error.add_note(f"this failed as well: {error!r}")

    def throw(self) -> None:
        """Raise the error that was kept, if there is one."""
        if self._error is not None:
            raise self._error


class Departing(Generic[THandle, TIdentity]):
    """The connections of one transport that left for the same reason."""

    __slots__ = ("_announcer", "_connections", "_ending", "_now", "_revoked")

    def __init__(
        self,
        connections: Sequence[Connection[THandle, TIdentity]],
        ending: Ending,
        announcer: Announcer[TIdentity],
        now: float = 0.0,
        revoked: Revoked | None = None,
    ) -> None:
        self._connections = connections
        self._ending = ending
        self._announcer = announcer
        self._now = now
        self._revoked = revoked

    def close(self) -> int:
        """As `CutOff.close`. If the peer ended the connection, its handle is not closed."""
        interruption = Interruption() if self._connections else None
        if interruption is not None and not self._ending.is_by_peer:
            for connection in self._connections:
                close_handle(connection.handle, self._ending, interruption)
        if self._announcer.active:
            self._announce()
        if interruption is not None:
            interruption.throw()
        return len(self._connections)

    def _announce(self) -> None:
        if self._revoked is not None:
            self._announcer.announce(self._revoked)
        for each in self._connections:
            self._announcer.announce(
                Ended(
                    self._announcer.transport_name,
                    each.id,
                    each.identity,
                    self._ending,
                    self._now - each.opened_at,
                )
            )


class DepartingTogether:
    """What several transports have cut off, and the error of one that could not."""

    __slots__ = ("_cut_offs", "_interruption")

    def __init__(self, cut_offs: Iterable[CutOff], interruption: Interruption) -> None:
        self._cut_offs = cut_offs
        self._interruption = interruption

    def close(self) -> int:
        """As `CutOff.close`. The first error of either step is raised when all are closed."""
        closed = 0
        for cut_off in self._cut_offs:
            try:
                closed += cut_off.close()
            except BaseException as error:  # noqa: BLE001  # raised below
                self._interruption.keep(error)
        self._interruption.throw()
        return closed


def close_handle(handle: ConnectionHandle, ending: Ending, interruption: Interruption) -> None:
    """Close `handle`. An `Exception` is logged, and any other error is kept (REV-5)."""
    try:
        handle.close(ending)
    except Exception:
        _logger.exception("closing %r failed", handle)
    except BaseException as error:  # noqa: BLE001  # a cancellation, or the process ends
        interruption.keep(error)
