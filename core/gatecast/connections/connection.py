"""The registry's record of one connection."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from gatecast.identity.ids import ConnectionId

__all__ = ["Connection"]

THandle = TypeVar("THandle")
TIdentity = TypeVar("TIdentity")


class Connection(Generic[THandle, TIdentity]):
    """Who is behind a handle, under which id. Read it; only the core writes to it."""

    __slots__ = ("expires_at", "handle", "id", "identity", "keys", "live", "rotation")

    def __init__(self, connection_id: ConnectionId, handle: THandle, identity: TIdentity) -> None:
        self.id: ConnectionId = connection_id
        self.handle: THandle = handle
        self.identity: TIdentity = identity
        # The keys that it was entered under. Kept, so that it leaves every index without a trace
        # even if an app's identity turns out to be mutable (REG-3).
        self.keys: tuple[Hashable, ...] = ()
        # When it is scheduled to be closed, in seconds since the epoch.
        self.expires_at: float | None = None
        # False from the instant that the connection is out of the registry. A broadcast that had
        # chosen it before looks here last, so a revocation overtakes it (REV-2).
        self.live: bool = True
        # Which rotation of the transport gave it this identity; 0 for none. A broadcast that had
        # chosen it before, for the old identity, leaves it out.
        self.rotation: int = 0

    def __repr__(self) -> str:
        return f"<Connection {self.id} of {self.identity!r}>"
