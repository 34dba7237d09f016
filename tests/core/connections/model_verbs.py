"""What is done to a transport: the verbs that ours and the naive one have in common, and calls."""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from gatecast.identity.ids import ConnectionId, TokenHash
from gatecast.identity.index import Index
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import ConnectionIdentity as Identity
from gatecast.messages.jsonrpc import JsonrpcNotification as Message
from tests.core.fakes import FakeHandle

TKey = TypeVar("TKey", bound=Hashable)
TAdmission = TypeVar("TAdmission", bound="Endable")
TAdmission_contra = TypeVar("TAdmission_contra", bound="Endable", contravariant=True)

SLOTS = 8
"""How many handles there are; each is connected or not."""


class Endable(Protocol):
    def end(self) -> None: ...


class Registered(Protocol):
    @property
    def id(self) -> ConnectionId: ...
    @property
    def handle(self) -> FakeHandle: ...
    @property
    def identity(self) -> Identity: ...


class Adapter(Protocol[TAdmission_contra]):
    """What the ports for adapters have in common."""

    def let_in(
        self, handle: FakeHandle, identity: Identity, admission: TAdmission_contra
    ) -> Registered | None: ...
    def close_expired(self) -> int: ...


class Transport(Protocol[TAdmission]):
    """The verbs that the two transports have in common."""

    def admit(self) -> TAdmission: ...
    def add_connection(
        self, handle: FakeHandle, identity: Identity, *, admission: TAdmission | None = None
    ) -> ConnectionId: ...
    @property
    def adapter(self) -> Adapter[TAdmission]: ...
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
    def send_to_connection(self, connection_id: ConnectionId, message: Message) -> bool: ...
    def broadcast_spread(
        self, message: Message, predicate: Predicate[Identity], *, batch: int
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
