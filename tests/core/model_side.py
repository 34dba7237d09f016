"""One transport with the handles and callbacks that belong to it.

`test_model` has two of these, around our transport and around the naive one. Whatever is done to
one is done to the other, callbacks included, and what can be observed must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from gatecast.drops import DroppedConnection
from gatecast.errors import GatecastError
from gatecast.identity import ConnectionIdentity as Identity
from gatecast.ids import ConnectionId, TokenHash
from gatecast.index import Index
from gatecast.jsonrpc import JsonrpcNotification as Message
from gatecast.predicates import Predicate
from tests.core.fakes import FakeHandle, World, note

TKey = TypeVar("TKey", bound=Hashable)
TAdmission = TypeVar("TAdmission", bound="Endable")

Drop = DroppedConnection[Identity]

SLOTS = 5
"""How many handles there are; each is connected or not."""


class Endable(Protocol):
    def end(self) -> None: ...


class Registered(Protocol):
    @property
    def handle(self) -> FakeHandle: ...
    @property
    def identity(self) -> Identity: ...


class Transport(Protocol[TAdmission]):
    """The verbs that the two transports have in common."""

    def admit(self) -> TAdmission: ...
    def add_connection(
        self, handle: FakeHandle, identity: Identity, *, admission: TAdmission | None = None
    ) -> ConnectionId: ...
    def remove_connection(self, handle: FakeHandle) -> None: ...
    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: Identity,
        *,
        admission: TAdmission | None = None,
    ) -> bool: ...
    def get_connections(self) -> Sequence[Registered]: ...
    def close_by(self, index: Index[Identity, TKey], key: TKey) -> int: ...
    def close_where(self, predicate: Predicate[Identity]) -> int: ...
    def broadcast(self, message: Message) -> int: ...
    def broadcast_filtered(self, message: Message, predicate: Predicate[Identity]) -> int: ...
    def send_by(self, index: Index[Identity, TKey], key: TKey, message: Message) -> int: ...
    def broadcast_spread(
        self, message: Message, predicate: Predicate[Identity], *, turn: int
    ) -> Coroutine[None, None, int]: ...


@dataclass(frozen=True)
class Deed:
    """One call of a method of `Side`, to be done now or when something calls back."""

    verb: str
    arguments: tuple[object, ...] = ()

    def __repr__(self) -> str:
        return f"{self.verb}({', '.join(map(repr, self.arguments))})"


@dataclass(frozen=True)
class Rule:
    """A predicate that `sessions` satisfy and `doubtful` makes fail; and what it does besides."""

    sessions: frozenset[TokenHash | None]
    doubtful: TokenHash
    deed: Deed | None = None


class Side(Generic[TAdmission]):
    def __init__(
        self, make: Callable[[World, Callable[[Drop], None]], Transport[TAdmission]]
    ) -> None:
        self.world = World()
        self.transport = make(self.world, self._dropped)
        self.handles = [FakeHandle() for _ in range(SLOTS)]
        self.ids = [ConnectionId(UUID(int=slot)) for slot in range(SLOTS)]
        self.admissions: list[TAdmission] = []
        self.spreads: list[Coroutine[None, None, int]] = []
        self.outcomes: list[object] = []
        self.messages = 0
        self.when_dropped: Deed | None = None

    def do(self, deed: Deed) -> None:
        """Do it, and note what came of it."""
        try:
            outcome: object = getattr(self, deed.verb)(*deed.arguments)
        except GatecastError as error:
            outcome = type(error)
        self.outcomes.append((deed, outcome))

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

    # Who is registered

    def tick(self, seconds: float) -> None:
        self.world.now += seconds

    def admit(self) -> None:
        self.admissions.append(self.transport.admit())

    def end(self, recent: int) -> None:
        if len(self.admissions) >= recent:
            self.admissions[-recent].end()

    def connect(self, slot: int, identity: Identity, recent: int | None) -> None:
        self.ids[slot] = self.transport.add_connection(
            self.handles[slot], identity, admission=self._admission(recent)
        )

    def disconnect(self, slot: int) -> None:
        self.transport.remove_connection(self.handles[slot])

    def rotate(self, slot: int, identity: Identity, recent: int | None) -> bool:
        return self.transport.rotate_identity(
            self.ids[slot], identity, admission=self._admission(recent)
        )

    def _admission(self, recent: int | None) -> TAdmission | None:
        if recent is None or len(self.admissions) < recent:
            return None
        return self.admissions[-recent]

    # Who is cut off

    def revoke(self, under: tuple[Index[Identity, TKey], TKey]) -> int:
        return self.transport.close_by(*under)

    def revoke_where(self, rule: Rule) -> int:
        return self.transport.close_where(self._predicate(rule))

    # What is sent

    def broadcast(self) -> int:
        return self.transport.broadcast(self._message())

    def broadcast_where(self, rule: Rule) -> int:
        return self.transport.broadcast_filtered(self._message(), self._predicate(rule))

    def send_by(self, under: tuple[Index[Identity, TKey], TKey]) -> int:
        return self.transport.send_by(*under, self._message())

    def begin_spread(self, rule: Rule, turn: int) -> int | None:
        predicate = self._predicate(rule)
        self.spreads.append(self.transport.broadcast_spread(self._message(), predicate, turn=turn))
        return self.step_spread(1)

    def step_spread(self, recent: int) -> int | None:
        """Go on to the next checkpoint; the result if there is none."""
        if len(self.spreads) < recent:
            return None
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

    # What calls back, each once

    def break_handle(self, slot: int, error: Exception | None) -> None:
        self.handles[slot].error = error

    def break_close(self, slot: int, error: Exception | None) -> None:
        self.handles[slot].close_error = error

    def on_send(self, slot: int, deed: Deed) -> None:
        handle = self.handles[slot]

        def call_back() -> None:
            handle.on_send = list
            self.do(deed)

        handle.on_send = call_back

    def on_close(self, slot: int, deed: Deed) -> None:
        handle = self.handles[slot]

        def call_back() -> None:
            handle.on_close = list
            self.do(deed)

        handle.on_close = call_back

    def on_drop(self, deed: Deed) -> None:
        self.when_dropped = deed

    def _dropped(self, drop: Drop) -> None:
        self.outcomes.append(("dropped", drop.identity, drop.error))
        deed, self.when_dropped = self.when_dropped, None
        if deed is not None:
            self.do(deed)

    def _predicate(self, rule: Rule) -> Predicate[Identity]:
        deeds = [rule.deed] if rule.deed is not None else []

        def predicate(identity: Identity) -> bool:
            while deeds:
                self.do(deeds.pop())
            if identity.token_hash == rule.doubtful:
                raise LookupError(rule.doubtful)
            return identity.token_hash in rule.sessions

        return predicate
