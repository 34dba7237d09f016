"""The transport once more, as plainly as possible: lists, scans, and nothing ever forgotten."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

from gatecast.drops import DroppedConnection
from gatecast.errors import (
    AdmissionExpiredError,
    AdmissionRevokedError,
    DuplicateHandleError,
    HandleClosedError,
    SlowConsumerError,
)
from gatecast.frame import Frame
from gatecast.host import Host
from gatecast.identity import ConnectionIdentity as Identity
from gatecast.ids import ConnectionId
from gatecast.index import BUILT_IN, AnyIndex
from gatecast.jsonrpc import JsonrpcNotification as Message
from gatecast.predicates import Predicate
from tests.core.fakes import FakeHandle

Rule = Predicate[Identity]
Index = AnyIndex[Identity]

INDEXES: tuple[Index, ...] = BUILT_IN


@dataclass(eq=False)
class Member:
    id: ConnectionId
    handle: FakeHandle
    identity: Identity
    places: list[int]
    """When it came under its key of each index."""
    rotations: int = 0


@dataclass(eq=False)
class Broadcast:
    frame: Frame
    waiting: list[Member]
    accepted: int = 0


@dataclass(eq=False)
class NaiveAdmission:
    opened_at: float
    keys: int
    rules: int
    ended: bool = False

    def end(self) -> None:
        self.ended = True


def holds(rule: Rule, identity: Identity, *, in_doubt: bool) -> bool:
    try:
        return rule(identity)
    except Exception:  # noqa: BLE001  # whatever it is, it is no answer
        return in_doubt


class NaiveTransport:
    def __init__(
        self, host: Host, on_drop: Callable[[DroppedConnection[Identity]], None], limit: float
    ) -> None:
        self.host, self.on_drop, self.limit = host, on_drop, limit
        self.members: list[Member] = []
        self.broadcasts: list[Broadcast] = []
        self.drops: list[tuple[Member, Exception]] = []
        self.dropping = False
        self.revoked_keys: list[tuple[Index, Hashable]] = []
        self.revoked_rules: list[Rule] = []
        self.places = count()

    # Who is registered

    def get_connections(self) -> list[Member]:
        return list(self.members)

    def admit(self) -> NaiveAdmission:
        return NaiveAdmission(self.host.clock(), len(self.revoked_keys), len(self.revoked_rules))

    def add_connection(
        self, handle: FakeHandle, identity: Identity, *, admission: NaiveAdmission | None = None
    ) -> ConnectionId:
        self._check(admission, identity)
        if any(member.handle is handle for member in self.members):
            raise DuplicateHandleError(handle)
        places = [next(self.places) for _ in INDEXES]
        self.members.append(Member(ConnectionId(uuid4()), handle, identity, places))
        return self.members[-1].id

    def remove_connection(self, handle: FakeHandle) -> None:
        self.members = [member for member in self.members if member.handle is not handle]

    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: Identity,
        *,
        admission: NaiveAdmission | None = None,
    ) -> bool:
        self._finish()
        self._check(admission, identity)
        rotated = [member for member in self.members if member.id == connection_id]
        for member in rotated:
            for number, index in enumerate(INDEXES):
                if index.key_of(member.identity) != index.key_of(identity):
                    member.places[number] = next(self.places)
            member.identity = identity
            member.rotations += 1
        return bool(rotated)

    def _check(self, admission: NaiveAdmission | None, identity: Identity) -> None:
        if admission is None:
            return
        if admission.ended or self.host.clock() - admission.opened_at >= self.limit:
            raise AdmissionExpiredError
        for number, rule in enumerate(self.revoked_rules):
            if number >= admission.rules and holds(rule, identity, in_doubt=True):
                raise AdmissionRevokedError
        for index, key in self.revoked_keys[admission.keys :]:
            if key is not None and index.key_of(identity) == key:
                raise AdmissionRevokedError

    # Who is cut off

    def close_by(self, index: Index, key: Hashable) -> int:
        self.revoked_keys.append((index, key))
        return self._close(self._under(index, key))

    def close_where(self, predicate: Rule) -> int:
        self.revoked_rules.append(predicate)
        return self._close(self._satisfying(predicate, in_doubt=True))

    def _close(self, chosen: list[Member]) -> int:
        closed = [member for member in chosen if member in self.members]
        self.members = [member for member in self.members if member not in closed]
        for member in closed:
            with contextlib.suppress(Exception):
                member.handle.close(4001, "Session revoked")
        return len(closed)

    def _under(self, index: Index, key: Hashable) -> list[Member]:
        number = INDEXES.index(index)
        found = [member for member in self.members if index.key_of(member.identity) == key]
        return [] if key is None else sorted(found, key=lambda member: member.places[number])

    def _satisfying(self, rule: Rule, *, in_doubt: bool) -> list[Member]:
        everyone = list(self.members)
        return [member for member in everyone if holds(rule, member.identity, in_doubt=in_doubt)]

    # What is sent

    def _may_see(self, rule: Rule) -> list[Member]:
        before = {member: member.rotations for member in self.members}
        found = self._satisfying(rule, in_doubt=False)
        return [member for member in found if member.rotations == before[member]]

    def broadcast(self, message: Message) -> int:
        return self._deliver(message, list(self.members))

    def broadcast_filtered(self, message: Message, predicate: Rule) -> int:
        return self._deliver(message, self._may_see(predicate))

    def send_by(self, index: Index, key: Hashable, message: Message) -> int:
        return self._deliver(message, self._under(index, key))

    async def broadcast_spread(self, message: Message, predicate: Rule, *, turn: int) -> int:
        broadcast = Broadcast(Frame(message), self._may_see(predicate))
        self.broadcasts.append(broadcast)
        try:
            while broadcast.waiting:
                self._advance(turn)
                await self.host.checkpoint()
        finally:
            broadcast.waiting.clear()
        return broadcast.accepted

    def _deliver(self, message: Message, recipients: list[Member]) -> int:
        broadcast = Broadcast(Frame(message), recipients)
        self.broadcasts.append(broadcast)
        self._finish()
        return broadcast.accepted

    def _finish(self) -> None:
        while any(broadcast.waiting for broadcast in self.broadcasts):
            self._advance(turn=1)

    def _advance(self, turn: int) -> None:
        oldest = next(broadcast for broadcast in self.broadcasts if broadcast.waiting)
        for _ in range(turn):
            if oldest.waiting:
                self._send(oldest, oldest.waiting.pop(0))

    def _send(self, broadcast: Broadcast, member: Member) -> None:
        if member not in self.members:
            return
        try:
            member.handle.send(broadcast.frame)
            broadcast.accepted += 1
        except Exception as error:  # noqa: BLE001  # whatever it is, the handle has failed
            self._drop(member, error)

    # Who is dropped

    def _drop(self, member: Member, error: Exception) -> None:
        if member not in self.members:
            return
        self.members.remove(member)
        self.drops.append((member, error))
        if not self.dropping:
            self.dropping = True
            while self.drops:
                self._report(*self.drops.pop(0))
            self.dropping = False

    def _report(self, member: Member, error: Exception) -> None:
        with contextlib.suppress(Exception):
            if isinstance(error, SlowConsumerError):
                member.handle.close(1013, "Slow consumer")
            elif not isinstance(error, HandleClosedError):
                member.handle.close(1011, "Internal error")
        with contextlib.suppress(Exception):
            self.on_drop(DroppedConnection(member.id, member.identity, error))
