"""A group: several transports that send and revoke as one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, Never, TypeVar, overload

from gatecast.close_codes import REVOKED_REASON, CloseCode
from gatecast.connections._home_thread import Call
from gatecast.connections.member import HasMember, JointMember, Member, deliver, revoke_on
from gatecast.connections.recipients import (
    EVERYONE,
    Matching,
    Satisfying,
    Selection,
    Under,
    UnderKey,
    excluding,
)
from gatecast.connections.transport import refuse_request
from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import HasAccount, HasApiToken, HasSession
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import (
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
)
from gatecast.ports.ending import Ending
from gatecast.ports.transport import TransportSendOptions

__all__ = ["TransportGroup"]

TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)

_BROADCAST: Final = Call("broadcast", "group")
_BROADCAST_FILTERED: Final = Call("broadcast_filtered", "group")
_CLOSE_SOCKETS_FOR_ACCOUNT: Final = Call("close_sockets_for_account", "group")
_CLOSE_SOCKETS_FOR_SESSION: Final = Call("close_sockets_for_session", "group")
_CLOSE_SOCKETS_FOR_TOKEN: Final = Call("close_sockets_for_token", "group")
_CLOSE_WHERE: Final = Call("close_where", "group")
_REVOKE: Final = Call("revoke", "group")
_REVOKE_ACCOUNT: Final = Call("revoke_account", "group")
_REVOKE_SESSION: Final = Call("revoke_session", "group")
_REVOKE_TOKEN: Final = Call("revoke_token", "group")
_SEND: Final = Call("send", "group", is_async=True)
_SEND_TO_ACCOUNT: Final = Call("send_to_account", "group")


class TransportGroup(Generic[TIdentity]):
    """Broadcasts and revokes over all its members in one call.

    A message is serialised once for all members (BRD-2); if any member refuses it, nobody gets it.
    The members may have identities of different types: then `TIdentity` is their union, and a
    predicate gets either. Connections are registered with the members. Raises
    `DuplicateMemberError` for a transport that is in it twice, directly or within another group.

    A group has no `drain`: all members have to refuse new connections at once, within one deadline
    (LIF-2), which takes concurrent tasks, and the core has none.
    `gatecast_adapters.uvicorn_shutdown` drains several transports that way.
    """

    def __init__(self, transport_name: str, *members: HasMember[TIdentity]) -> None:
        self._transport_name = transport_name
        self._members = JointMember(transport_name, [each.member for each in members])

    @property
    def transport_name(self) -> str:
        """What this group is called among the transports of the app."""
        return self._transport_name

    @property
    def member(self) -> Member[TIdentity]:
        """For other groups, guards and clusters; an app does not need it."""
        return self._members

    def is_ready(self) -> bool:
        """Whether any member has a connection (REG-4)."""
        return self._members.is_ready()

    def get_connection_count(self) -> int:
        """How many connections the members have (REG-4)."""
        return self._members.get_connection_count()

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
        """As `ConnectionTransport.send` (BRD-7)."""
        self._members.check_thread(_SEND)
        if isinstance(message, JsonrpcRequest):
            return refuse_request(self.transport_name, message)
        deliver(self._members, Frame(message), EVERYONE)
        return None

    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        """Send to every connection of every member, or to all but `exclude`; return how many."""
        self._members.check_thread(_BROADCAST)
        return deliver(self._members, Frame(message), excluding(exclude, EVERYONE))

    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[TIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        """As `ConnectionTransport.broadcast_filtered` (BRD-1).

        A predicate that raises is logged once for all members (BRD-5).
        """
        self._members.check_thread(_BROADCAST_FILTERED)
        return deliver(self._members, Frame(message), excluding(exclude, Satisfying(predicate)))

    def send_to_account(
        self: HasMember[HasAccount],
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        """Send to every connection of an account, at O(matches); return how many (BRD-8)."""
        self.member.check_thread(_SEND_TO_ACCOUNT)
        return deliver(self.member, Frame(message), excluding(exclude, Under(ACCOUNT, account_id)))

    # Closing. The connections of all members are forgotten before the first handle is closed, so a
    # handle that calls back reaches no connection that is being revoked (REV-2). If a member
    # raises, the others still close, and the error is raised at the end (REV-5).

    def close_sockets_for_session(self: HasMember[HasSession], token_hash: TokenHash) -> int:
        """Close every connection of one session; return how many (REV-1)."""
        return revoke_on(
            self.member.leaves, _CLOSE_SOCKETS_FOR_SESSION, UnderKey(SESSION, token_hash)
        )

    def close_sockets_for_account(self: HasMember[HasAccount], account_id: AccountId) -> int:
        """Close every connection of an account, with any credential; return how many (REV-1)."""
        return revoke_on(
            self.member.leaves, _CLOSE_SOCKETS_FOR_ACCOUNT, UnderKey(ACCOUNT, account_id)
        )

    def close_sockets_for_token(self: HasMember[HasApiToken], api_token_id: ApiTokenId) -> int:
        """Close every connection that was opened with one API token; return how many (REV-1)."""
        return revoke_on(
            self.member.leaves, _CLOSE_SOCKETS_FOR_TOKEN, UnderKey(API_TOKEN, api_token_id)
        )

    def revoke_session(self: HasMember[HasSession], token_hash: TokenHash) -> int:
        """As `close_sockets_for_session`; both close streams as well."""
        return _revoke(self.member, _REVOKE_SESSION, UnderKey(SESSION, token_hash))

    def revoke_account(self: HasMember[HasAccount], account_id: AccountId) -> int:
        """As `close_sockets_for_account`."""
        return _revoke(self.member, _REVOKE_ACCOUNT, UnderKey(ACCOUNT, account_id))

    def revoke_token(self: HasMember[HasApiToken], api_token_id: ApiTokenId) -> int:
        """As `close_sockets_for_token`."""
        return _revoke(self.member, _REVOKE_TOKEN, UnderKey(API_TOKEN, api_token_id))

    def revoke(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        where: Predicate[object] | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection under `key`, in every member with `index`; return how many.

        `where` selects among the matches; if it raises, the connection is closed. Raises
        `InvalidKeyError` or `InvalidCloseError`, and then has closed nothing.
        """
        ending = Ending.revoked(code, reason)
        return _revoke(self._members, _REVOKE, UnderKey(index, key, where), ending)

    def close_where(
        self,
        predicate: Predicate[TIdentity],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """As `ConnectionTransport.close_where`, over all members."""
        ending = Ending.revoked(code, reason)
        return _revoke(self._members, _CLOSE_WHERE, Matching(predicate), ending)


def _revoke(
    member: Member[TIdentity],
    call: Call,
    selection: Selection[TIdentity],
    ending: Ending = Ending.REVOKED,
) -> int:
    # On each transport separately: if one belongs to another thread, the others still revoke.
    return revoke_on(member.leaves, call, selection, ending)
