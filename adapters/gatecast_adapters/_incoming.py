"""What a peer says: how it reaches the app, and how the app's reply goes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias

from typing_extensions import TypeVar

from gatecast.connections.connection import Connection
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import ConnectionId
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import (
    METHOD_NOT_FOUND,
    JsonrpcErrorResponse,
    JsonrpcMessageFromClientToServer,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    error_response,
)
from gatecast.messages.jsonrpc_parsing import parse_client_message
from gatecast.ports.handle import ConnectionHandle

__all__ = ["Incoming", "OnMessage", "answer"]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)
THandle = TypeVar("THandle", bound=ConnectionHandle)


@dataclass(frozen=True, slots=True)
class Incoming(Generic[TIdentity]):
    """What a peer sent, and who it is at this moment."""

    connection_id: ConnectionId
    identity: TIdentity
    message: JsonrpcMessageFromClientToServer | JsonrpcErrorResponse
    """A request or notification, or, if it was neither, the error response to return for it."""


OnMessage: TypeAlias = Callable[
    [Incoming[TIdentity]], Awaitable[JsonrpcMessageFromServerToClient | None]
]
"""Called for each message of a peer, one at a time; what it returns is sent to that peer."""


async def answer(
    transport: ConnectionTransport[THandle, TIdentity],
    connection: Connection[THandle, TIdentity],
    text: str,
    on_message: OnMessage[TIdentity] | None,
) -> None:
    """Hand what `connection` sent to `on_message`, and the reply back to the same connection.

    Without `on_message` a request is answered with -32601, and a notification is taken silently.
    Raises what `on_message` raises.
    """
    message = parse_client_message(text)
    reply: JsonrpcMessageFromServerToClient | None
    if on_message is None:
        reply = _unhandled(message)
    else:
        reply = await on_message(Incoming(connection.id, connection.identity, message))
    if reply is not None:
        transport.send_to_connection(connection.id, reply)


def _unhandled(
    message: JsonrpcMessageFromClientToServer | JsonrpcErrorResponse,
) -> JsonrpcErrorResponse | None:
    if isinstance(message, JsonrpcErrorResponse):
        return message
    if isinstance(message, JsonrpcNotification):
        return None
    return error_response(message.id, METHOD_NOT_FOUND, "this socket takes no requests")
