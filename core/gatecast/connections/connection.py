"""The registry's record of one connection."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from gatecast.identity.ids import ConnectionId
from gatecast.ports.ending import Ending

__all__ = ["Connection"]

THandle = TypeVar("THandle")
TIdentity = TypeVar("TIdentity")


class Connection(Generic[THandle, TIdentity]):
    """The record of one connection: its id, handle and identity. Only the core writes to it."""

    __slots__ = (
        "ending",
        "expires_at",
        "handle",
        "id",
        "identity",
        "keys",
        "opened_at",
        "rotation",
    )

    def __init__(
        self,
        connection_id: ConnectionId,
        handle: THandle,
        identity: TIdentity,
        opened_at: float = 0.0,
    ) -> None:
        self.id: ConnectionId = connection_id
        self.handle: THandle = handle
        self.identity: TIdentity = identity
        # By the monotonic clock.
        self.opened_at: float = opened_at
        # The keys that it was registered under. Kept, so that it is removed from every index even
        # if the app has mutated the identity (REG-3).
        self.keys: tuple[Hashable, ...] = ()
        # When it is scheduled to be closed, in seconds since the epoch.
        self.expires_at: float | None = None
        # Set when the connection leaves the registry. A broadcast that has chosen it checks this
        # last, so a revocation overtakes the broadcast (REV-2).
        self.ending: Ending | None = None
        # Which rotation of the transport gave it this identity; 0 for none. A broadcast that has
        # chosen it for the old identity leaves it out.
        self.rotation: int = 0

    @property
    def live(self) -> bool:
        """Whether it is registered; if not, `ending` says why."""
        return self.ending is None

    def __repr__(self) -> str:
        return f"<Connection {self.id} of {self.identity!r}>"
