"""The transport: connections, and the messages that go out to them. No I/O."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar, overload

from typing_extensions import Unpack

from gatecast.connections._delivery import Delivery, deliver
from gatecast.connections._predicates import Predicate
from gatecast.connections.options import TransportOptions
from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.identity.types import HasAccount, HasApiToken, HasSession
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import (
    INTERNAL_ERROR,
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
    error_response,
)
from gatecast.ports.ports import ConnectionHandle, IndexedTransport, TransportSendOptions
from gatecast.ports.runtime import Host

__all__ = ["ConnectionTransport", "refuse_request"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)


class ConnectionTransport(Delivery[THandle, TIdentity]):
    """Everything that an app may do to the connections of one adapter.

    An adapter subclasses it with its own handle. `transport_name` is unique among the transports
    of an app; `options` are those of `TransportOptions`.

    A message that can't be serialised raises `MessageNotSerializableError` and reaches nobody. What
    a broadcast returns is how many handles accepted the message, never how many peers received it.
    """

    def __init__(
        self, transport_name: str, *, host: Host, **options: Unpack[TransportOptions[TIdentity]]
    ) -> None:
        super().__init__(host=host, **options)
        self._transport_name = transport_name

    @property
    def transport_name(self) -> str:
        """What this transport is called among those of the app."""
        return self._transport_name

    @overload
    async def send(
        self, message: JsonrpcRequest, options: TransportSendOptions | None = None
    ) -> JsonrpcErrorResponse: ...

    @overload
    async def send(
        self,
        message: JsonrpcMessageFromServerToClient,
        options: TransportSendOptions | None = None,
    ) -> None: ...

    async def send(
        self,
        message: JsonrpcRequest | JsonrpcMessageFromServerToClient,
        options: TransportSendOptions | None = None,
    ) -> JsonrpcErrorResponse | None:
        """Send to every connection; a request is refused, since it would have many answers (BRD-7).

        For a request nothing is sent, and the error response that comes back carries its id.
        """
        if isinstance(message, JsonrpcRequest):
            return refuse_request(self.transport_name, message)
        self.broadcast(message)
        return None

    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        """Send to every connection; return how many accepted."""
        self._check_thread("broadcast")
        return self.send_frame(Frame(message))

    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[TIdentity]
    ) -> int:
        """Send to exactly the connections that satisfy `predicate`; return how many (BRD-1).

        Where the predicate raises or returns no bool, the connection is left out (BRD-5). The
        predicate is evaluated for all connections before the first one is sent to.
        """
        self._check_thread("broadcast_filtered")
        return self.send_frame(Frame(message), predicate)

    async def broadcast_spread(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[TIdentity] | None = None,
        *,
        turn: int = 500,
    ) -> int:
        """Broadcast, letting the event loop do other work after every `turn` connections.

        Recipients are chosen when it is awaited, and order is kept: whoever sends meanwhile first
        completes this broadcast (BRD-3). A connection that is revoked meanwhile gets nothing more
        (REV-2). If the caller is cancelled, those not yet reached don't get the message. Raises
        `InvalidLimitError` if `turn` is not above zero.
        """
        self._check_thread("broadcast_spread")
        return await self.spread_frame(Frame(message), predicate, turn)

    def send_to_account(
        self: IndexedTransport[HasAccount],
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
    ) -> int:
        """Send to every connection of an account, at O(matches); return how many (BRD-8)."""
        return self.send_by(ACCOUNT, account_id, message)

    def send_by(
        self, index: Index[TIdentity, TKey], key: TKey, message: JsonrpcMessageFromServerToClient
    ) -> int:
        """Send to every connection under `key` of a declared index, at O(matches); return how many.

        Raises `UnknownIndexError` or `InvalidKeyError`, and then has sent to nobody.
        """
        self._check_thread("send_by")
        self._registry.require(index)
        return deliver(
            Frame(message), self.prepare_frame, lambda: self.choose_recipients_by(index, key)
        )

    def send_to_connection(
        self, connection_id: ConnectionId, message: JsonrpcMessageFromServerToClient
    ) -> bool:
        """Send to one connection; False if it is not registered or did not accept."""
        self._check_thread("send_to_connection")
        return self.send_frame_to(connection_id, Frame(message))

    def close_sockets_for_session(self: IndexedTransport[HasSession], token_hash: TokenHash) -> int:
        """Close every connection of one session; return how many (REV-1)."""
        return self.close_by(SESSION, token_hash)

    def close_sockets_for_account(self: IndexedTransport[HasAccount], account_id: AccountId) -> int:
        """Close every connection of an account, with any credential; return how many (REV-1)."""
        return self.close_by(ACCOUNT, account_id)

    def close_sockets_for_token(
        self: IndexedTransport[HasApiToken], api_token_id: ApiTokenId
    ) -> int:
        """Close every connection that was opened with one API token; return how many (REV-1)."""
        return self.close_by(API_TOKEN, api_token_id)


def refuse_request(transport_name: str, message: JsonrpcRequest) -> JsonrpcErrorResponse:
    """The answer to a request that was given to a transport with many peers (BRD-7)."""
    return error_response(
        message.id,
        INTERNAL_ERROR,
        f"{transport_name} sends to many connections and can't await one response; "
        "send a notification",
    )
