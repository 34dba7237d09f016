"""The ports: what the core asks of an adapter, and what an app may ask of a transport."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Never, Protocol, TypeAlias, TypeVar, overload

from typing_extensions import TypeIs

from gatecast.connections._predicates import Predicate
from gatecast.identity.index import Index
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import (
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    JsonrpcRequest,
    JsonrpcResponseOrError,
)

__all__ = [
    "ConnectionHandle",
    "FilterableBroadcastTransport",
    "FlushableHandle",
    "Gate",
    "IndexedTransport",
    "Revocable",
    "Tell",
    "Transport",
    "TransportSendOptions",
    "is_filterable_broadcast_transport",
    "pending_of",
]

TIdentity_co = TypeVar("TIdentity_co", covariant=True)
TKey = TypeVar("TKey", bound=Hashable)


class ConnectionHandle(Protocol):
    """An adapter's view of one open socket or stream.

    Both methods are called on the event loop's thread, return at once, and never wait for the peer.
    """

    def send(self, frame: Frame) -> None:
        """Accept `frame` for delivery, after everything accepted before it (BRD-3).

        Accepted means that it was handed to the server or waits in a bounded outbox; it never means
        received.

        Raises `HandleClosedError` if the peer is gone or the handle was closed, `SlowConsumerError`
        if too much waits for the peer already. A frame that raised was not accepted.
        """
        ...

    def close(self, code: int, reason: str) -> None:
        """Tell the peer `code` and `reason`, overtaking and discarding all that waits (REV-2).

        Idempotent. `code` may be sent on the wire and `reason` fits into a control frame: the core
        has seen to both. A peer that does not take the close is given up after the adapter's
        deadline (REV-7).
        """
        ...


class FlushableHandle(Protocol):
    """A handle that knows how much waits in it; draining waits for that (LIF-2)."""

    @property
    def pending(self) -> int:
        """How many frames were accepted and not yet handed to the server."""
        ...


def pending_of(handle: ConnectionHandle) -> int:
    """How many frames wait in `handle`; 0 if it does not know."""
    # A check against the protocol would take far longer, and a drain asks every handle many times.
    pending: int = getattr(handle, "pending", 0)
    return pending


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSendOptions:
    """Options of one `send`."""

    queue: bool = False
    """Keep the message until the peer is back. Only a transport with one lasting peer can do that;
    server transports ignore it, since they send to whoever is connected now."""


class Transport(Protocol):
    """Something that JSON-RPC messages can be sent through, in either direction."""

    @property
    def transport_name(self) -> str:
        """A name that is unique among the transports of an app."""
        ...

    @overload
    async def send(
        self, message: JsonrpcRequest, options: TransportSendOptions | None = None
    ) -> JsonrpcResponseOrError: ...

    @overload
    async def send(
        self, message: JsonrpcNotification, options: TransportSendOptions | None = None
    ) -> JsonrpcErrorResponse | None: ...

    def is_ready(self) -> bool:
        """Whether a message sent now would have somewhere to go (REG-4)."""
        ...


Tell: TypeAlias = Callable[[], int]
"""Tells the handles that were cut off why they are closed; returns how many. Call it once."""


class Gate(Protocol):
    """What a transport asks before it admits a connection, and before it sends.

    A cluster's node is one: it knows whether this process has heard of all revocations.
    """

    def enforce(self) -> None:
        """Close the transport's connections if they may not stay."""
        ...

    def is_open(self) -> bool:
        """Whether a connection may be admitted now."""
        ...


class Revocable(Protocol):
    """A transport, or a group of them, that connections can be revoked on by any index.

    Who revokes on several cuts off on all before it tells anyone: a handle that is told may call
    back, and then nothing may reach what is being revoked elsewhere (REV-2).
    """

    def revoke(
        self, index: Index[Never, TKey], key: TKey, *, where: Predicate[object] | None = None
    ) -> int:
        """Close what has `key` and satisfies `where`; return how many connections."""
        ...

    def cut_off(
        self, index: Index[Never, TKey], key: TKey, *, where: Predicate[object] | None = None
    ) -> Tell:
        """The first half of `revoke`: forget the connections, so that nothing reaches them.

        What is returned closes their handles. It is called even if `cut_off` of another raised.
        """
        ...


class IndexedTransport(Protocol[TIdentity_co]):
    """A transport whose connections are found by the declared indexes over its identity type.

    It is covariant: a transport whose identities have an account is an
    `IndexedTransport[HasAccount]`, and one whose identities lack it is not. So it is what the verbs
    by session, account and API token are for.
    """

    def close_by(self, index: Index[TIdentity_co, TKey], key: TKey) -> int:
        """Close every connection under `key` of `index`; return how many."""
        ...

    def send_by(
        self,
        index: Index[TIdentity_co, TKey],
        key: TKey,
        message: JsonrpcMessageFromServerToClient,
    ) -> int:
        """Send to every connection under `key` of `index`; return how many accepted."""
        ...


class FilterableBroadcastTransport(Protocol[TIdentity_co]):
    """A transport that can broadcast by a rule over the identity of each connection."""

    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[TIdentity_co]
    ) -> int:
        """Send to exactly the connections that satisfy `predicate`; return how many accepted."""
        ...


def is_filterable_broadcast_transport(
    transport: object,
) -> TypeIs[FilterableBroadcastTransport[object]]:
    """Whether `transport` has a callable `broadcast_filtered`, whoever wrote it (SHP-1).

    A transport whose identity type is known keeps it. Of any other no more can be promised than
    that identities are objects, so a predicate then has to look at what it is given.
    """
    return callable(getattr(transport, "broadcast_filtered", None))
