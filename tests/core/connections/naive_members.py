"""Who is connected to the naive transport, and who is cut off: one list, and scans of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count
from typing import Self

from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import BUILT_IN, AnyIndex
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import ConnectionIdentity as Identity
from gatecast.ports.ending import Ending
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.runtime import Runtime
from tests.core.fakes import FakeHandle

Index = AnyIndex[Identity]
Rule = Predicate[Identity]

INDEXES: tuple[Index, ...] = BUILT_IN


@dataclass(eq=False)
class Member:
    id: ConnectionId
    handle: FakeHandle
    identity: Identity
    places: list[int]
    """When it came under its key of each index."""
    dated: int
    """When its identity, and so its expiry, was set."""
    rotated: int = -1
    """When it was given another identity."""

    def is_due(self, now: float) -> bool:
        return is_expired(self.identity, now)

    def expiry(self) -> tuple[float, int]:
        """Where it stands among those that are due."""
        return self.identity.expires_at or 0.0, self.dated


def is_expired(identity: Identity, now: float) -> bool:
    return identity.expires_at is not None and now >= identity.expires_at


def holds(rule: Rule, identity: Identity, *, in_doubt: bool) -> bool:
    try:
        return rule(identity)
    except Exception:  # noqa: BLE001  # whatever it is, it is no answer
        return in_doubt


class NaiveMembers:
    def __init__(
        self, runtime: Runtime, on_drop: Callable[[DroppedConnection[Identity]], None]
    ) -> None:
        self.runtime, self.on_drop = runtime, on_drop
        self.members: list[Member] = []
        self.revoked_keys: list[tuple[Index, Hashable]] = []
        self.revoked_rules: list[Rule] = []
        self.places = count()

    @property
    def adapter(self) -> Self:
        """What the port for adapters has is here as well."""
        return self

    # Who is connected

    def get_connections(self) -> list[Member]:
        return list(self.members)

    def remove_connection(self, handle: FakeHandle) -> None:
        self.members = [member for member in self.members if member.handle is not handle]

    def _with_id(self, connection_id: ConnectionId) -> list[Member]:
        return [member for member in self.members if member.id == connection_id]

    def _under(self, index: Index, key: Hashable) -> list[Member]:
        number = INDEXES.index(index)
        found = [member for member in self.members if index.key_of(member.identity) == key]
        return [] if key is None else sorted(found, key=lambda member: member.places[number])

    # Who is cut off

    def close_by(self, index: Index, key: Hashable) -> int:
        self.revoked_keys.append((index, key))
        return self._close(self._under(index, key), Ending.REVOKED)

    def close_where(self, predicate: Rule) -> int:
        self.revoked_rules.append(predicate)
        since = next(self.places)
        asked = [(member, member.identity) for member in self.members]
        chosen = [member for member, who in asked if holds(predicate, who, in_doubt=True)]
        rotated = [member for member in self.members if member.rotated > since]
        chosen += [member for member in rotated if member not in chosen]
        return self._close(chosen, Ending.REVOKED)

    def close_expired(self) -> int:
        now = self.runtime.wall_clock()
        due = sorted((each for each in self.members if each.is_due(now)), key=Member.expiry)
        return self._close(due, Ending.EXPIRED)

    def _close(self, chosen: list[Member], ending: Ending) -> int:
        closed = [member for member in chosen if member in self.members]
        self.members = [member for member in self.members if member not in closed]
        for member in closed:
            with contextlib.suppress(Exception):
                member.handle.close(ending)
        return len(closed)
