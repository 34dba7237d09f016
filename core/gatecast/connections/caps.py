"""Caps: a limit on the connections of each key of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from gatecast.connections._registry import Registry
from gatecast.connections.connection import Connection
from gatecast.errors import CapReachedError, InvalidLimitError
from gatecast.identity.index import AnyIndex

__all__ = ["Cap", "CapLimits"]

THandle = TypeVar("THandle")
TIdentity = TypeVar("TIdentity")
TIdentity_contra = TypeVar("TIdentity_contra", contravariant=True)


@dataclass(frozen=True)
class Cap(Generic[TIdentity_contra]):
    """At most `limit` connections under each key of `index`, which must be a declared one.

    When it is reached, the oldest connection is closed with 4429 to make room, or the new one is
    refused with 4429. Closing the oldest is the default: a closed tab can reconnect, while a user
    whose old tabs hold all places would be locked out. A connection without a key is not counted,
    and a rotation to another key is not refused. Raises `InvalidLimitError` if `limit` is below 1.
    """

    index: AnyIndex[TIdentity_contra]
    limit: int
    when_reached: Literal["close_oldest", "refuse"] = "close_oldest"

    def __post_init__(self) -> None:
        if not self.limit >= 1:
            raise InvalidLimitError("limit", self.limit)


class CapLimits(Generic[THandle, TIdentity]):
    """The caps of one transport; each counts what the caps before it leave.

    Raises `UnknownIndexError` if the index of a cap is not declared.
    """

    def __init__(
        self, caps: Sequence[Cap[TIdentity]], registry: Registry[THandle, TIdentity]
    ) -> None:
        for cap in caps:
            registry.require(cap.index)
        self._caps = tuple(caps)
        self._registry = registry

    def surplus(self, identity: TIdentity) -> list[Connection[THandle, TIdentity]]:
        """The connections to close if `identity` gets one more.

        Raises `CapReachedError` if a cap refuses it.
        """
        leaving: dict[Connection[THandle, TIdentity], None] = {}
        for cap in self._caps:
            present = self._registry.matching(cap.index, cap.index.key_of(identity))
            staying = [connection for connection in present if connection not in leaving]
            surplus = max(len(staying) + 1 - cap.limit, 0)
            if surplus and cap.when_reached == "refuse":
                raise CapReachedError(cap.index.name, cap.limit)
            leaving.update(dict.fromkeys(staying[:surplus]))
        return list(leaving)
