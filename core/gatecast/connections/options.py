"""The options that all transports have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypedDict, TypeVar
from uuid import UUID

from gatecast.connections.caps import Cap
from gatecast.connections.drops import OnDrop
from gatecast.identity.index import AnyIndex

__all__ = ["TransportOptions"]

TIdentity = TypeVar("TIdentity")


class TransportOptions(TypedDict, Generic[TIdentity], total=False):
    """The options that every transport has, whatever its adapter."""

    indexes: Sequence[AnyIndex[TIdentity]]
    """Further keys to find connections by, beside account, session and API token."""

    new_id: Callable[[], UUID]
    """Makes connection ids; it must never repeat itself. Default: `uuid.uuid4`."""

    on_drop: OnDrop[TIdentity]
    """Told of every connection that was dropped since its handle took no frame. Default: log it."""

    max_admission_seconds: float
    """How long the check of one credential may take, above zero (REV-6). Default: 60."""

    caps: Sequence[Cap[TIdentity]]
    """How many connections there may be for each key of an index. Default: any number."""
