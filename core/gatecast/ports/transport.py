"""The ports of a transport: what an app can call on anything that sends messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar, overload

from typing_extensions import TypeIs

from gatecast.identity.predicate import Predicate
from gatecast.messages.jsonrpc import (
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    JsonrpcRequest,
    JsonrpcResponseOrError,
)

__all__ = [
    "FilterableBroadcastTransport",
    "Transport",
    "TransportSendOptions",
    "is_filterable_broadcast_transport",
]

TIdentity_co = TypeVar("TIdentity_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSendOptions:
    """Options of one `send`."""

    queue: bool = False
    """Keep the message until the peer reconnects. Only a transport with one permanent peer can do
    that; server transports ignore it, since they send to the peers that are connected now."""


class Transport(Protocol):
    """Something that sends JSON-RPC messages, in either direction."""

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
        """Whether a message would have a recipient now (REG-4)."""
        ...


class FilterableBroadcastTransport(Transport, Protocol[TIdentity_co]):
    """A transport that can broadcast by a predicate over the identity of each connection."""

    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[TIdentity_co]
    ) -> int:
        """Send to exactly the connections that satisfy `predicate`; return how many accepted."""
        ...


def is_filterable_broadcast_transport(
    transport: object,
) -> TypeIs[FilterableBroadcastTransport[object]]:
    """Whether `transport` is a transport with `broadcast_filtered`, from any author (SHP-1).

    It is one if it has a `transport_name` and callable `send`, `is_ready` and `broadcast_filtered`.
    A transport with a known identity type keeps that type. For any other, identities are objects,
    so a predicate has to check what it gets.
    """
    return isinstance(getattr(transport, "transport_name", None), str) and all(
        callable(getattr(transport, verb, None))
        for verb in ("send", "is_ready", "broadcast_filtered")
    )
