"""What the naive transport sends, and who is dropped because of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import ConnectionId
from gatecast.identity.types import ConnectionIdentity as Identity
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcNotification as Message
from gatecast.ports.ending import Ending
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.runtime import Runtime
from tests.core.connections.naive_members import Index, Member, NaiveMembers, Rule, holds


@dataclass(eq=False)
class Broadcast:
    frame: Frame
    waiting: list[Member]
    accepted: int = 0


class NaiveDelivery(NaiveMembers):
    def __init__(
        self, runtime: Runtime, on_drop: Callable[[DroppedConnection[Identity]], None]
    ) -> None:
        super().__init__(runtime, on_drop)
        self.broadcasts: list[Broadcast] = []
        self.drops: list[tuple[Member, Exception]] = []
        self.dropping = False

    # What is sent

    def _may_see(self, rule: Rule) -> list[Member]:
        since = next(self.places)
        everyone = list(self.members)
        found = [each for each in everyone if holds(rule, each.identity, in_doubt=False)]
        return [member for member in found if member.rotated < since]

    def broadcast(self, message: Message) -> int:
        self.close_expired()
        return self._deliver(message, list(self.members))

    def broadcast_filtered(self, message: Message, predicate: Rule) -> int:
        self.close_expired()
        return self._deliver(message, self._may_see(predicate))

    def send_by(self, index: Index, key: Hashable, message: Message) -> int:
        self.close_expired()
        return self._deliver(message, self._under(index, key))

    def send_to_connection(self, connection_id: ConnectionId, message: Message) -> bool:
        self.close_expired()
        recipients = self._with_id(connection_id)
        return bool(recipients) and self._deliver(message, recipients) == 1

    async def broadcast_spread(self, message: Message, predicate: Rule, *, batch: int) -> int:
        self.close_expired()
        broadcast = Broadcast(Frame(message), self._may_see(predicate))
        self.broadcasts.append(broadcast)
        try:
            while broadcast.waiting:
                self.close_expired()
                self._advance(batch)
                await self.runtime.checkpoint()
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
            self._advance(batch=1)

    def _advance(self, batch: int) -> None:
        unfinished = [broadcast for broadcast in self.broadcasts if broadcast.waiting]
        for _ in range(batch):
            if unfinished and unfinished[0].waiting:
                self._send(unfinished[0], unfinished[0].waiting.pop(0))

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
        ending = Ending.FAILED
        if isinstance(error, SlowConsumerError):
            ending = Ending.SLOW
        elif isinstance(error, HandleClosedError):
            ending = Ending.GONE
        with contextlib.suppress(Exception):
            if ending is not Ending.GONE:
                member.handle.close(ending)
        with contextlib.suppress(Exception):
            self.on_drop(DroppedConnection("naive", member.id, member.identity, error, ending))
