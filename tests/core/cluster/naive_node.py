"""What a node may do, judged by somebody who watches its link, its connections and its clock.

Nothing here knows of beats, or of the states of a node. An entry counts as read once the relay gave
it to the node, and as applied once the node asks for what comes after it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol
from uuid import UUID

from gatecast.cluster._envelopes import (
    Broadcast,
    KeyRevocation,
    decode,
)
from gatecast.identity.ids import AccountId
from gatecast.identity.types import ConnectionIdentity
from tests.core.cluster.simulated_log import SimulatedLog, Stored

LEASE = 10.0

_ROUNDING = 1e-3


class WatchedConnection(Protocol):
    """What is seen of a connection."""

    identity: ConnectionIdentity
    began: int
    """When its credential began to be checked; an instant, as all here, on a common counter."""
    admitted: int
    numbers: list[int]
    """Of the broadcasts that it was sent, in order."""
    deadline: float
    """Until when it may be open, by the clock of its node."""


class WatchedNode(Protocol):
    """What is seen of a node."""

    @property
    def now(self) -> float:
        """The time by its own clock."""
        ...

    @property
    def is_late(self) -> bool:
        """Whether its event loop has yet to come round to what is due."""
        ...

    @property
    def is_healthy(self) -> bool:
        """What it says of itself."""
        ...

    @property
    def open(self) -> Sequence[WatchedConnection]:
        """Its connections."""
        ...


@dataclass(eq=False)
class SentBroadcast:
    """What an app sent, and what it was told of that."""

    number: int
    publisher: object
    hidden_from: AccountId | None
    began: int
    is_confirmed: bool | None = None
    """`None` while it is under way."""

    def is_for(self, connection: WatchedConnection) -> bool:
        return self.hidden_from != connection.identity.account_id


@dataclass(eq=False)
class Revocation:
    """A revocation that an app was told is durable."""

    account_id: AccountId
    entry: bytes
    began: int
    durable: int


class History:
    """What happened so far, and what of it was wrong."""

    def __init__(self, log: SimulatedLog, ticks: count[int]) -> None:
        self.log = log
        self.broadcasts: list[SentBroadcast] = []
        self.revocations: list[Revocation] = []
        self.wrong: list[str] = []
        self._ticks = ticks

    def tick(self) -> int:
        return next(self._ticks)


@dataclass(eq=False)
class NaiveNode:
    """What one life of a node may do."""

    history: History
    node: WatchedNode
    read: int = 0
    """Up to which place of the log."""
    applied: int = 0
    """As `read`; less if it was hindered, and then it reads the rest again."""
    required: int = field(init=False)
    """Up to which place it has to have read before it may admit anybody."""
    broken: int = 0
    """When it was last told of a gap."""
    revoked: dict[AccountId, int] = field(default_factory=dict[AccountId, int])
    """When it read the newest revocation of each account that it has applied."""
    seen: set[int] = field(default_factory=set[int])
    """The broadcasts that it has applied."""
    owed: list[SentBroadcast] = field(default_factory=list[SentBroadcast])
    """Those of which it is open whether all got them."""

    def __post_init__(self) -> None:
        self.required = self.history.log.newest
        self._given: Sequence[Stored] = ()
        self._given_at = 0

    # What it is told, as a `Watcher`

    def asked(self, place: int) -> None:
        for stored in self._given:
            if stored.place <= place:
                self._applied(stored)
        self._given = ()
        self.applied = place
        if self.node.is_healthy:
            self.owed = [sent for sent in self.owed if not self._is_settled(sent)]

    def answered(self, batch: Sequence[Stored], place: int) -> None:
        self.check_bound()
        self._given, self._given_at = batch, self.history.tick()
        self.read = place

    def failed(self) -> None:
        self.required = self.history.log.newest

    def broke(self) -> None:
        self.failed()
        self.read = 0
        self.broken = self.history.tick()

    def _applied(self, stored: Stored) -> None:
        envelope = decode(stored.entry)
        if isinstance(envelope, KeyRevocation):
            self.revoked[AccountId(UUID(str(envelope.key)))] = self._given_at
        elif isinstance(envelope, Broadcast):
            number: int = json.loads(envelope.message)["params"]["number"]
            if number not in self.seen:
                self.seen.add(number)
                self.owed.append(self.history.broadcasts[number - 1])

    # What follows from that

    def may_admit(self) -> bool:
        """Whether it knows all from before its last trouble, and all that is as old as a lease."""
        return self.read >= self.required and not self._is_overdue(self._unread_since(0))

    def check(self) -> None:
        """What must hold at any instant."""
        if self.node.is_healthy and not self.may_admit():
            self.history.wrong.append("healthy, and has not caught up")
        self.check_bound()
        for connection in self.node.open:
            if connection.began < self.revoked.get(connection.identity.account_id, 0):
                self.history.wrong.append("open, and its revocation was applied")
            if connection.began < self.broken:
                self.history.wrong.append("open, and the log was found broken")

    def check_bound(self) -> None:
        """Nothing is open if what came after it has not been read for as long as a lease."""
        if self.node.is_late:
            return
        is_behind = self._is_overdue(self._unread_since(0))
        for connection in self.node.open:
            if self.node.now > connection.deadline + _ROUNDING or (
                is_behind and self._is_overdue(self._unread_since(connection.began))
            ):
                self.history.wrong.append("open past the bound")

    def _unread_since(self, instant: int) -> Stored | None:
        """The first entry that came later, and that it has not read."""
        return self.history.log.first_after(max(self.read, instant))

    def check_delivery(self, connection: WatchedConnection, sent: SentBroadcast) -> None:
        """`sent` is about to be delivered to `connection`."""
        wrong = self.history.wrong
        if not self.may_admit():
            wrong.append("delivered, and has not caught up")
        if not sent.is_for(connection):
            wrong.append("delivered to somebody who may not see it")
        if self._numbers_of(sent.publisher, connection)[-1:] >= [sent.number]:
            wrong.append("delivered twice, or out of order")
        for revocation in self.history.revocations:
            if self._is_dead(connection, revocation, sent.began):
                wrong.append("delivered to somebody who was revoked before")

    def _numbers_of(self, publisher: object, connection: WatchedConnection) -> list[int]:
        sent = [self.history.broadcasts[number - 1] for number in connection.numbers]
        return [each.number for each in sent if each.publisher is publisher]

    def _is_dead(self, connection: WatchedConnection, revocation: Revocation, instant: int) -> bool:
        return (
            connection.identity.account_id == revocation.account_id
            and connection.began < revocation.began
            and revocation.durable < instant
            and self.history.log.has(revocation.entry)
        )

    def _is_overdue(self, stored: Stored | None) -> bool:
        # What is older than this life of the node concerns nobody who is connected now.
        if stored is None or self.node not in stored.at:
            return False
        return stored.at[self.node] + LEASE + _ROUNDING < self.node.now

    def _is_settled(self, sent: SentBroadcast) -> bool:
        """Whether it is known what became of it; if so, check who got it."""
        for connection in self.node.open if sent.is_confirmed else ():
            is_due = sent.is_for(connection) and connection.admitted < sent.began
            if is_due and sent.number not in connection.numbers:
                self.history.wrong.append("a confirmed broadcast did not arrive")
        return sent.is_confirmed is not None
