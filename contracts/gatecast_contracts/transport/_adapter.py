"""The author's side: what the suite is given, and what it gives.

An author supplies a `LiveAdapter`, which is a transport behind a running server and a way to open
connections to it, and a `FarEnd` for each connection, which is the peer's own view of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, runtime_checkable

from typing_extensions import TypeVar

from gatecast.connections.admission import Admission
from gatecast.connections.options import TransportOptions
from gatecast.identity.ids import AccountId, ConnectionId, TokenHash
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import ConnectionIdentity, HasAccount, HasSession
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import Observer, OnDrop
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.transport import FilterableBroadcastTransport

__all__ = [
    "Closed",
    "ConnectionRecord",
    "ContractIdentity",
    "ContractTransport",
    "FarEnd",
    "Hooks",
    "LiveAdapter",
    "Received",
    "ServeOptions",
]


class ContractIdentity(HasAccount, HasSession, Protocol):
    """What the identities of an adapter need for the suite: an account, and maybe a session."""


TIdentity = TypeVar("TIdentity", bound=ContractIdentity, default=ConnectionIdentity)
TIdentity_co = TypeVar("TIdentity_co", bound=ContractIdentity, covariant=True)


class ConnectionRecord(Protocol[TIdentity_co]):
    """What a transport tells of one connection."""

    @property
    def id(self) -> ConnectionId: ...

    @property
    def identity(self) -> TIdentity_co: ...

    @property
    def handle(self) -> ConnectionHandle: ...


class ContractTransport(FilterableBroadcastTransport[TIdentity], Protocol[TIdentity]):
    """The verbs that the suite calls; `gatecast.ConnectionTransport` has them all.

    The suite also registers handles of its own, which know nothing but the port: a transport must
    not ask more of a handle than `ConnectionHandle` says.
    """

    # Any: an adapter names its own type of handle here, and the suite brings others.
    def add_connection(
        self, handle: Any, identity: TIdentity, *, admission: Admission[TIdentity] | None = None
    ) -> ConnectionId: ...

    def remove_connection(self, handle: Any) -> None: ...

    def rotate_identity(self, connection_id: ConnectionId, identity: TIdentity) -> bool: ...

    def get_connections(self) -> Sequence[ConnectionRecord[TIdentity]]: ...

    def get_connection_count(self) -> int: ...

    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = ...
    ) -> int: ...

    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[TIdentity],
        *,
        exclude: ConnectionId | None = ...,
    ) -> int: ...

    def send_to_account(
        self,
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = ...,
    ) -> int: ...

    def close_sockets_for_session(self, token_hash: TokenHash) -> int: ...

    def close_sockets_for_account(self, account_id: AccountId) -> int: ...

    def close_where(
        self, predicate: Predicate[TIdentity], *, code: int = ..., reason: str = ...
    ) -> int: ...

    async def drain(self, *, deadline: float = ...) -> int: ...


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended, as its peer saw it.

    1006 and an empty reason stand for an end without a word (RFC 6455 section 7.1.5), on every kind
    of connection.
    """

    code: int
    reason: str


Received: TypeAlias = str | Closed
"""What a peer sees next: the text of one message, or the end."""


@runtime_checkable
class FarEnd(Protocol):
    """One connection seen by its peer: a real client, which knows nothing of the adapter.

    A subclass has to say how it receives and vanishes. The other methods are those of a client that
    reads from the socket only while `receive` is waited for, and that never reconnects.
    """

    async def receive(self) -> Received:
        """Wait for what comes next and return it: each message once and in order, then `Closed`.

        `Closed` comes only when the connection is over: the close has arrived, as a close frame
        or a final event, and nothing more can follow. From then on every call returns it.
        """
        ...

    async def stall(self) -> None:
        """Stop reading from the socket, without closing it."""
        return

    async def resume(self) -> None:
        """Read on, beginning with what has arrived."""
        return

    async def vanish(self) -> None:
        """Cut the connection off without a farewell, as a process that was killed does."""
        ...

    async def reconnect(self) -> bool:
        """Do what this kind of client does by itself after the end, and say if it goes on trying.

        Most clients do nothing. An `EventSource` asks again: return whether the answer is one after
        which it is connected, or would ask once more.
        """
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions(Generic[TIdentity]):
    """What the suite wants of one live adapter. Hand all of it on to the transport."""

    identify: Callable[[str], Awaitable[TIdentity | None]]
    """Who the bearer of a ticket is. Call it where the adapter identifies a peer, with the ticket
    that came with the connection; `None` refuses it."""

    on_drop: OnDrop[TIdentity]
    observer: Observer[TIdentity]
    limits: OutboxLimits
    close_timeout: float
    """Seconds that a peer has to take its close, before the adapter aborts it (REV-7)."""

    @property
    def for_transport(self) -> TransportOptions[TIdentity]:
        """What goes into the options that all transports have in common: `on_drop`, `observer`."""
        return {"on_drop": self.on_drop, "observer": self.observer}


@dataclass(frozen=True, slots=True)
class LiveAdapter(Generic[TIdentity]):
    """A transport behind a running server.

    The server runs in the event loop of the test, since the suite calls the transport's verbs.
    """

    transport: ContractTransport[TIdentity]

    connect: Callable[[str], Awaitable[FarEnd]]
    """Open a connection that carries this ticket to the server: in a query, a header, a first line.
    The suite itself waits until it is registered. A peer that the server refuses is `Closed`."""


class Hooks(Protocol[TIdentity]):
    """What a rig asks of a contract; `TransportContract` says what each is for."""

    patience: ClassVar[float]
    flood_size: ClassVar[int]

    def serve(
        self, options: ServeOptions[TIdentity]
    ) -> AbstractAsyncContextManager[LiveAdapter[TIdentity]]: ...

    def make_identity(self, who: ConnectionIdentity) -> TIdentity: ...
