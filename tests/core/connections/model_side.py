"""One transport with the handles and callbacks that belong to it.

`test_model` has two of these, around our transport and around the naive one. Whatever is done to
one is done to the other, callbacks included, and what can be observed must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from dataclasses import replace
from typing import Generic, TypeVar
from uuid import UUID

from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import Index
from gatecast.identity.types import ConnectionIdentity as Identity
from gatecast.messages.jsonrpc import JsonrpcNotification as Message
from tests.core.connections.model_callbacks import Callbacks, Drop
from tests.core.connections.model_verbs import SLOTS, Rule, TAdmission, Transport
from tests.core.fakes import World, note

TKey = TypeVar("TKey", bound=Hashable)


class Side(Callbacks, Generic[TAdmission]):
    def __init__(
        self, make: Callable[[World, Callable[[Drop], None]], Transport[TAdmission]]
    ) -> None:
        super().__init__()
        self.transport = make(self.world, self.dropped)
        self.ids = [ConnectionId(UUID(int=slot)) for slot in range(SLOTS)]
        self.admissions: list[TAdmission] = []
        self.spreads: list[Coroutine[None, None, int]] = []
        self.messages = 0

    def observe(self) -> object:
        """Everything that happened since the last time, and who is registered now."""
        connections = self.transport.get_connections()
        seen = (
            self.outcomes,
            [([frame.text for frame in each.frames], each.closes) for each in self.handles],
            [(self.handles.index(each.handle), each.identity) for each in connections],
        )
        self.outcomes = []
        for handle in self.handles:
            handle.frames, handle.closes = [], []
        return seen

    # What time it is

    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    def lag(self, seconds: float) -> None:
        """The clock goes on, and the event loop does not come round to its timers."""
        self.world.now += seconds

    # Who is registered

    def admit(self) -> None:
        self.admissions.append(self.transport.admit())

    def end(self, recent: int) -> None:
        if len(self.admissions) >= recent:
            self.admissions[-recent].end()

    def connect(
        self, slot: int, identity: Identity, lasts: float | None, recent: int | None
    ) -> None:
        self.ids[slot] = self.transport.add_connection(
            self.handles[slot], self._lasting(identity, lasts), admission=self._admission(recent)
        )

    def let_in(self, slot: int, identity: Identity, lasts: float | None, recent: int) -> bool:
        admission = self._admission(recent) or self.transport.admit()
        lasting = self._lasting(identity, lasts)
        connection = self.transport.adapter.let_in(self.handles[slot], lasting, admission)
        if connection is not None:
            self.ids[slot] = connection.id
        return connection is not None

    def disconnect(self, slot: int) -> None:
        self.transport.remove_connection(self.handles[slot])

    def rotate(
        self, slot: int, identity: Identity, lasts: float | None, recent: int | None
    ) -> bool:
        return self.transport.rotate_identity(
            self.ids[slot], self._lasting(identity, lasts), admission=self._admission(recent)
        )

    def _lasting(self, identity: Identity, seconds: float | None) -> Identity:
        if seconds is None:
            return identity
        return replace(identity, expires_at=self.world.runtime.wall_clock() + seconds)

    def _admission(self, recent: int | None) -> TAdmission | None:
        if recent is None or len(self.admissions) < recent:
            return None
        return self.admissions[-recent]

    # Who is cut off

    def revoke(self, under: tuple[Index[Identity, TKey], TKey]) -> int:
        return self.transport.close_by(*under)

    def revoke_where(self, rule: Rule) -> int:
        return self.transport.close_where(self.predicate(rule))

    def close_expired(self) -> int:
        return self.transport.adapter.close_expired()

    # What is sent

    def broadcast(self) -> int:
        return self.transport.broadcast(self._message())

    def broadcast_where(self, rule: Rule) -> int:
        return self.transport.broadcast_filtered(self._message(), self.predicate(rule))

    def send_by(self, under: tuple[Index[Identity, TKey], TKey]) -> int:
        return self.transport.send_by(*under, self._message())

    def send_to(self, slot: int) -> bool:
        return self.transport.send_to_connection(self.ids[slot], self._message())

    def begin_spread(self, rule: Rule, turn: int) -> int | None:
        predicate = self.predicate(rule)
        self.spreads.append(self.transport.broadcast_spread(self._message(), predicate, batch=turn))
        return self.step_spread(1, 0.0)

    def step_spread(self, recent: int, late: float) -> int | None:
        """Go on to the next checkpoint, after so many seconds; the result if there is none."""
        if len(self.spreads) < recent:
            return None
        self.lag(late)
        spread = self.spreads[-recent]
        try:
            spread.send(None)
        except StopIteration as stop:
            self.spreads.remove(spread)
            accepted: int = stop.value
            return accepted
        return None

    def give_up_spread(self, recent: int) -> None:
        if len(self.spreads) >= recent:
            self.spreads.pop(-recent).close()

    def give_up(self) -> None:
        while self.spreads:
            self.give_up_spread(1)

    def _message(self) -> Message:
        self.messages += 1
        return note(self.messages)
