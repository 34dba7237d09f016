"""Recipients and selections: who gets a message, and who is revoked, as values.

Each is matched in one place: the broadcaster and the revoker. The envelopes of a cluster map to
them one to one.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, Never, TypeAlias, TypeVar

from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import AnyIndex
from gatecast.identity.predicate import Predicate

__all__ = [
    "EVERYONE",
    "AllBut",
    "Everyone",
    "Matching",
    "Recipients",
    "Satisfying",
    "Selection",
    "Under",
    "UnderKey",
    "excluding",
]

TIdentity = TypeVar("TIdentity")
TIdentity_contra = TypeVar("TIdentity_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every connection."""


EVERYONE: Final = Everyone()


# Not slotted, as all generic ones: Python 3.11 and 3.12 can't make those as `Satisfying[A](...)`.
@dataclass(frozen=True)
class Satisfying(Generic[TIdentity_contra]):
    """The connections whose identity satisfies a predicate; in doubt left out (BRD-5)."""

    predicate: Predicate[TIdentity_contra]


# One is made for every message to an account, and an `UnderKey` for every revocation. Frozen ones
# would cost three times as much; treat them as frozen.
@dataclass(slots=True, unsafe_hash=True)
class Under:
    """The connections under a key of an index."""

    # Never: transports of several identity types may be asked.
    index: AnyIndex[Never]
    key: Hashable


@dataclass(frozen=True)
class AllBut(Generic[TIdentity_contra]):
    """What `of` names, except for one connection."""

    connection_id: ConnectionId
    of: Recipients[TIdentity_contra]


Recipients: TypeAlias = Everyone | Satisfying[TIdentity] | Under | AllBut[TIdentity]
"""Who gets a message."""


@dataclass(slots=True, unsafe_hash=True)
class UnderKey:
    """The connections under a key of an index that satisfy `where`; in doubt included."""

    index: AnyIndex[Never]
    key: Hashable
    where: Predicate[object] | None = None


@dataclass(frozen=True)
class Matching(Generic[TIdentity_contra]):
    """The connections whose identity satisfies a predicate; in doubt included."""

    predicate: Predicate[TIdentity_contra]


Selection: TypeAlias = UnderKey | Matching[TIdentity]
"""Whom to revoke."""


def excluding(
    connection_id: ConnectionId | None, recipients: Recipients[TIdentity]
) -> Recipients[TIdentity]:
    """`recipients` without `connection_id`, if that is given."""
    return recipients if connection_id is None else AllBut(connection_id, recipients)
