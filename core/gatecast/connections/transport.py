"""The transport: everything that an app may do to the connections of one adapter. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar, overload
from uuid import UUID, uuid4

from gatecast.close_codes import REVOKED_REASON, CloseCode
from gatecast.connections._announcer import Announcer
from gatecast.connections._broadcaster import Broadcaster
from gatecast.connections._door import Door
from gatecast.connections._drainer import Drainer
from gatecast.connections._drops import log_drop
from gatecast.connections._fanout import FanoutQueue
from gatecast.connections._home_thread import Call, HomeThread
from gatecast.connections._revoker import Revoker
from gatecast.connections._roster import Roster
from gatecast.connections.adapter import AdapterPort
from gatecast.connections.admission import Admission, Admissions
from gatecast.connections.caps import Cap, CapLimits
from gatecast.connections.connection import Connection
from gatecast.connections.member import HasMember, Member, TransportMember, deliver
from gatecast.connections.recipients import (
    EVERYONE,
    Matching,
    Satisfying,
    Under,
    UnderKey,
    excluding,
)
from gatecast.errors import ReservedNameError
from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, BUILT_IN, SESSION, AnyIndex, Index
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import HasAccount, HasApiToken, HasSession
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import (
    INTERNAL_ERROR,
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
    error_response,
)
from gatecast.ports.ending import Ending
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import Observer, OnDrop
from gatecast.ports.runtime import Runtime
from gatecast.ports.transport import TransportSendOptions

__all__ = ["ConnectionTransport", "refuse_request"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)

_ADD_CONNECTION: Final = Call("add_connection")
_ADMIT: Final = Call("admit")
_BROADCAST: Final = Call("broadcast")
_BROADCAST_FILTERED: Final = Call("broadcast_filtered")
_BROADCAST_SPREAD: Final = Call("broadcast_spread", is_async=True)
_CLOSE_BY: Final = Call("close_by")
_CLOSE_CONNECTION: Final = Call("close_connection")
_CLOSE_SOCKETS_FOR_ACCOUNT: Final = Call("close_sockets_for_account")
_CLOSE_SOCKETS_FOR_SESSION: Final = Call("close_sockets_for_session")
_CLOSE_SOCKETS_FOR_TOKEN: Final = Call("close_sockets_for_token")
_CLOSE_WHERE: Final = Call("close_where")
_DRAIN: Final = Call("drain", is_async=True)
_REMOVE_CONNECTION: Final = Call("remove_connection")
_REVOKE_ACCOUNT: Final = Call("revoke_account")
_REVOKE_SESSION: Final = Call("revoke_session")
_REVOKE_TOKEN: Final = Call("revoke_token")
_ROTATE_IDENTITY: Final = Call("rotate_identity")
_SEND: Final = Call("send", is_async=True)
_SEND_BY: Final = Call("send_by")
_SEND_TO_ACCOUNT: Final = Call("send_to_account")
_SEND_TO_CONNECTION: Final = Call("send_to_connection")


class ConnectionTransport(Generic[THandle, TIdentity]):
    """Everything that an app may do to the connections of one adapter.

    An adapter subclasses it with its own handle. `transport_name` is unique among the transports of
    an app; `runtime` is the clock, thread and event loop of its connections. `prepare` raises what
    sending a frame would raise, if the adapter's wire form can refuse one. The other arguments are
    those of `TransportOptions`. Raises `InvalidLimitError` or `UnknownIndexError` for invalid
    options.

    Every verb except `drain` and `broadcast_spread` returns at once and never waits for a peer.
    While there is a connection or an open admission, a verb that is called on another thread raises
    `WrongThreadError` (SHP-2). Only `is_ready`, `get_connection_count` and `get_connections` work
    on every thread.

    A message that can't be serialised raises `MessageNotSerializableError` and reaches nobody. A
    broadcast returns how many handles accepted the message, never how many peers received it.
    """

    # Its own attributes have two underscores in front: Python then keeps them apart from the
    # attributes of a subclass, whatever their names.

    def __init_subclass__(cls) -> None:
        """Raise `ReservedNameError` for the one class name that would defeat that."""
        super().__init_subclass__()
        if cls.__name__.lstrip("_") == ConnectionTransport.__name__:
            raise ReservedNameError(cls.__name__)

    def __init__(
        self,
        transport_name: str,
        *,
        runtime: Runtime,
        prepare: Callable[[Frame], object] | None = None,
        indexes: Sequence[AnyIndex[TIdentity]] = (),
        new_id: Callable[[], UUID] = uuid4,
        observer: Observer[TIdentity] | None = None,
        on_drop: OnDrop[TIdentity] = log_drop,
        max_admission_seconds: float = 60.0,
        caps: Sequence[Cap[TIdentity]] = (),
    ) -> None:
        declared = (*BUILT_IN, *indexes)
        announcer = Announcer(transport_name, observer)
        admissions = Admissions(declared, runtime.clock, max_admission_seconds)
        roster: Roster[THandle, TIdentity] = Roster(declared, runtime, new_id, on_drop, announcer)
        registry = roster.registry
        ids = registry.ids
        home = HomeThread(runtime.thread_id, lambda: len(ids) > 0 or admissions.any_open())
        self.__name = transport_name
        self.__home = home
        self.__roster = roster
        self.__registry = registry
        self.__door = Door(roster, admissions, CapLimits(caps, registry), announcer)
        self.__revoker = Revoker(roster, admissions)
        self.__broadcaster = Broadcaster(
            roster, runtime, prepare, FanoutQueue(roster.fail, announcer)
        )
        self.__drainer = Drainer(roster, self.__door, runtime)
        self.__adapter = AdapterPort(home, roster, self.__door)
        self.__member = TransportMember(runtime, home, roster, self.__revoker, self.__broadcaster)

    @property
    def transport_name(self) -> str:
        """The name of this transport among those of the app."""
        return self.__name

    @property
    def adapter(self) -> AdapterPort[THandle, TIdentity]:
        """For the adapter; an app does not need it."""
        return self.__adapter

    @property
    def member(self) -> Member[TIdentity]:
        """For groups, guards and clusters; an app does not need it."""
        return self.__member

    # Who is connected

    def admit(self) -> Admission[TIdentity]:
        """Open an admission: call it before a credential is checked, and end it afterwards (REV-6).

        Until it ends, a revocation also refuses the connection that it is for.
        """
        self.__home.settle(_ADMIT)
        return self.__door.open_admission()

    def add_connection(
        self, handle: THandle, identity: TIdentity, *, admission: Admission[TIdentity] | None = None
    ) -> ConnectionId:
        """Register `handle` with `identity`, which is kept as given (REG-1).

        Raises `DuplicateHandleError` (REG-2), `InvalidKeyError` or `InvalidExpiryError` if a key or
        the expiry of `identity` has the wrong type, and an `AdmissionError` if the connection is
        refused: its credential was revoked during `admission`, or that timed out (REV-6), it has
        expired (REV-8), a cap is reached, the transport is draining (LIF-2), or the node is fenced
        (CLU-3). If it raises, it has changed nothing.
        """
        self.__home.settle(_ADD_CONNECTION)
        return self.__door.register(handle, identity, admission).id

    def remove_connection(self, handle: THandle) -> None:
        """Forget `handle` without closing it; idempotent, and leaves no trace (REG-3)."""
        self.__home.check(_REMOVE_CONNECTION)
        self.__roster.leave(handle, Ending.GONE)

    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: TIdentity,
        *,
        admission: Admission[TIdentity] | None = None,
    ) -> bool:
        """Replace the credential of a connection by a refreshed one, without a reconnect (REV-9).

        From now on the new keys and the new expiry close the connection, and the old ones don't.
        Returns False if the connection is no longer registered, for example because its old
        credential has expired (REV-8). Raises as `add_connection` does for an identity that is
        malformed, revoked or expired; then the old identity stays.
        """
        self.__home.check(_ROTATE_IDENTITY)
        self.__roster.end_due()
        # Finish pending broadcasts first: they were authorised for the old identity. Before the
        # check, since a handle may call back and revoke the new identity.
        self.__broadcaster.finish()
        self.__door.require_unrevoked(identity, admission)
        connection = self.__registry.by_id(connection_id)
        if connection is not None:
            self.__roster.rotate(connection, identity)
        return connection is not None

    def is_ready(self) -> bool:
        """Whether there is at least one connection (REG-4)."""
        return len(self.__registry) > 0

    def get_connection_count(self) -> int:
        """How many connections are registered, including peers that vanished unnoticed (REG-4)."""
        return len(self.__registry)

    def get_connections(self) -> list[Connection[THandle, TIdentity]]:
        """The registered connections, oldest first."""
        return self.__registry.all()

    # Sending

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

        A request is not sent, and the error response that is returned has its id.
        """
        self.__home.check(_SEND)
        if isinstance(message, JsonrpcRequest):
            return refuse_request(self.__name, message)
        self.__broadcaster.send(Frame(message), EVERYONE)
        return None

    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        """Send to every connection, or to all but `exclude`; return how many accepted."""
        self.__home.check(_BROADCAST)
        return self.__broadcaster.send(Frame(message), excluding(exclude, EVERYONE))

    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[TIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        """Send to exactly the connections that satisfy `predicate`; return how many (BRD-1).

        If the predicate raises or returns no bool, the connection is left out (BRD-5). It is
        evaluated for all connections before the first frame is sent. `exclude` is left out as well.
        """
        self.__home.check(_BROADCAST_FILTERED)
        return self.__broadcaster.send(Frame(message), excluding(exclude, Satisfying(predicate)))

    async def broadcast_spread(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[TIdentity] | None = None,
        *,
        batch: int = 500,
    ) -> int:
        """Broadcast, letting other tasks run after every `batch` connections.

        Recipients are chosen when it is awaited, and order is kept: another send meanwhile first
        completes this broadcast (BRD-3). A connection that is revoked meanwhile gets nothing more
        (REV-2). If the caller is cancelled, the remaining connections don't get the message. Raises
        `InvalidLimitError` if `batch` is not above zero.
        """
        self.__home.check(_BROADCAST_SPREAD)
        recipients = EVERYONE if predicate is None else Satisfying(predicate)
        return await self.__broadcaster.spread(Frame(message), recipients, batch)

    def send_by(
        self,
        index: Index[TIdentity, TKey],
        key: TKey,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        """Send to every connection under `key` of a declared index, at O(matches); return how many.

        `exclude` is left out. Raises `UnknownIndexError` or `InvalidKeyError`, and then has sent
        nothing.
        """
        self.__home.check(_SEND_BY)
        self.__registry.require(index)
        return self.__broadcaster.send(Frame(message), excluding(exclude, Under(index, key)))

    def send_to_account(
        self: HasMember[HasAccount],
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        """Send to every connection of an account, at O(matches); return how many (BRD-8).

        `exclude` is left out: the connection of the sender, for example.
        """
        self.member.check_thread(_SEND_TO_ACCOUNT)
        return deliver(self.member, Frame(message), excluding(exclude, Under(ACCOUNT, account_id)))

    def send_to_connection(
        self, connection_id: ConnectionId, message: JsonrpcMessageFromServerToClient
    ) -> bool:
        """Send to one connection; False if it is not registered or did not accept."""
        self.__home.check(_SEND_TO_CONNECTION)
        return self.__broadcaster.send_to(connection_id, Frame(message))

    # Closing

    def close_by(
        self,
        index: Index[TIdentity, TKey],
        key: TKey,
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection under `key` of a declared index, at O(matches); return how many.

        Once it has returned, no message reaches them (REV-2), and no open admission admits this key
        (REV-6). Raises `UnknownIndexError`, `InvalidKeyError` or `InvalidCloseError`, and then has
        closed nothing.
        """
        self.__home.check(_CLOSE_BY)
        ending = Ending.revoked(code, reason)
        self.__registry.require(index)
        return self.__revoker.cut_off(UnderKey(index, key), ending).close()

    def close_where(
        self,
        predicate: Predicate[TIdentity],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection whose identity satisfies `predicate`; return how many.

        As `close_by`, at O(N). If the predicate raises, the connection is closed.
        """
        self.__home.check(_CLOSE_WHERE)
        ending = Ending.revoked(code, reason)
        return self.__revoker.cut_off(Matching(predicate), ending).close()

    def close_connection(
        self, connection_id: ConnectionId, *, code: int = CloseCode.NORMAL, reason: str = ""
    ) -> bool:
        """Close one connection; False if it is not registered. Raises `InvalidCloseError`."""
        self.__home.check(_CLOSE_CONNECTION)
        ending = Ending.by_app(code, reason)
        connection = self.__registry.by_id(connection_id)
        return connection is not None and self.__roster.end((connection,), ending).close() == 1

    def close_sockets_for_session(self: HasMember[HasSession], token_hash: TokenHash) -> int:
        """Close every connection of one session; return how many (REV-1)."""
        return _revoke(self.member, _CLOSE_SOCKETS_FOR_SESSION, UnderKey(SESSION, token_hash))

    def close_sockets_for_account(self: HasMember[HasAccount], account_id: AccountId) -> int:
        """Close every connection of an account, with any credential; return how many (REV-1)."""
        return _revoke(self.member, _CLOSE_SOCKETS_FOR_ACCOUNT, UnderKey(ACCOUNT, account_id))

    def close_sockets_for_token(self: HasMember[HasApiToken], api_token_id: ApiTokenId) -> int:
        """Close every connection that was opened with one API token; return how many (REV-1)."""
        return _revoke(self.member, _CLOSE_SOCKETS_FOR_TOKEN, UnderKey(API_TOKEN, api_token_id))

    def revoke_session(self: HasMember[HasSession], token_hash: TokenHash) -> int:
        """As `close_sockets_for_session`; both close streams as well."""
        return _revoke(self.member, _REVOKE_SESSION, UnderKey(SESSION, token_hash))

    def revoke_account(self: HasMember[HasAccount], account_id: AccountId) -> int:
        """As `close_sockets_for_account`."""
        return _revoke(self.member, _REVOKE_ACCOUNT, UnderKey(ACCOUNT, account_id))

    def revoke_token(self: HasMember[HasApiToken], api_token_id: ApiTokenId) -> int:
        """As `close_sockets_for_token`."""
        return _revoke(self.member, _REVOKE_TOKEN, UnderKey(API_TOKEN, api_token_id))

    # The orderly end

    @property
    def is_draining(self) -> bool:
        """Whether `drain` was called, so that no connection is admitted any more."""
        return self.__door.is_shut

    async def drain(self, *, deadline: float = 10.0, batch: int = 100) -> int:
        """End all connections within `deadline` seconds; return how many were closed with 1001.

        New connections are refused from the call on. For half of the time queued messages are
        delivered; then the connections are closed, `batch` at a time with pauses in between, so
        that their clients don't all reconnect at once. Raises `InvalidLimitError` if a value is not
        above zero. A drained transport stays drained; if the drain was cancelled, another one
        closes what is left.
        """
        self.__home.check(_DRAIN)
        return await self.__drainer.drain(deadline, batch)


def refuse_request(transport_name: str, message: JsonrpcRequest) -> JsonrpcErrorResponse:
    """The error response to a request that was passed to a transport with many peers (BRD-7)."""
    return error_response(
        message.id,
        INTERNAL_ERROR,
        f"{transport_name} sends to many connections and can't await one response; "
        "send a notification",
    )


def _revoke(member: Member[TIdentity], call: Call, selection: UnderKey) -> int:
    member.check_thread(call)
    return member.cut_off(selection, Ending.REVOKED).close()
