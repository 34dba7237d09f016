"""The options that all transports share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypedDict, TypeVar
from uuid import UUID

from gatecast.connections.caps import Cap
from gatecast.identity.index import AnyIndex
from gatecast.ports.observer import Observer, OnDrop

__all__ = ["TransportOptions"]

TIdentity = TypeVar("TIdentity")


class TransportOptions(TypedDict, Generic[TIdentity], total=False):
    """The options that every transport has, with every adapter."""

    indexes: Sequence[AnyIndex[TIdentity]]
    """Further keys to find connections by, beside account, session and API token."""

    new_id: Callable[[], UUID]
    """Makes connection ids; it must never repeat itself. Default: `uuid.uuid4`."""

    observer: Observer[TIdentity]
    """Notified of everything that happens to connections. Default: nobody."""

    on_drop: OnDrop[TIdentity]
    """Notified of every connection that is dropped because its handle did not accept a frame.
    Default: log it."""

    max_admission_seconds: float
    """How long the check of one credential may take, above zero (REV-6). Default: 60."""

    caps: Sequence[Cap[TIdentity]]
    """How many connections there may be for each key of an index. Default: any number."""
