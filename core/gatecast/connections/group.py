"""A group: several transports that are broadcast to, and revoked on, as one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Never, TypeVar, overload

from gatecast.close_codes import REVOKED_REASON, CloseCode
from gatecast.connections._delivery import Begin, deliver
from gatecast.connections._predicates import Predicate, Withholding
from gatecast.connections._revocation import cut_off_on_each
from gatecast.connections.member import GroupMember
from gatecast.connections.transport import refuse_request
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import (
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
)
from gatecast.ports.ports import Gate, Tell, TransportSendOptions

__all__ = ["TransportGroup"]

TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)


class TransportGroup(Generic[TIdentity]):
    """Broadcasts and revokes over all its members in one call, as one transport does over itself.

    A message is serialised once for all of them (BRD-2), and one that any member has to refuse goes
    to nobody. The members may have identities of different types: then `TIdentity` is their union,
    and so is what a predicate is given. Connections are registered with the members.

    It can't be drained as one. All members have to refuse newcomers from the first instant on, for
    one deadline (LIF-2): so drain them side by side, in tasks, which the core does not have.
    `gatecast_adapters.uvicorn_shutdown` does that with the transports that it is given.
    """

    def __init__(self, transport_name: str, *members: GroupMember[TIdentity]) -> None:
        self._transport_name = transport_name
        self._members = members

    @property
    def transport_name(self) -> str:
        """What this group is called among the transports of the app."""
        return self._transport_name

    def is_ready(self) -> bool:
        """Whether any member has a connection (REG-4)."""
        return any(member.is_ready() for member in self._members)

    def get_connection_count(self) -> int:
        """How many connections the members have (REG-4)."""
        return sum(member.get_connection_count() for member in self._members)

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
        if isinstance(message, JsonrpcRequest):
            return refuse_request(self.transport_name, message)
        self.broadcast(message)
        return None

    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        """Send to every connection of every member; return how many accepted."""
        return deliver(Frame(message), self.prepare_frame, self.choose_recipients)

    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[TIdentity]
    ) -> int:
        """As `ConnectionTransport.broadcast_filtered` (BRD-1).

        Where the predicate raises, that is logged once for all members (BRD-5).
        """

        def choose() -> Begin:
            withholding = Withholding(predicate)
            begin = self.choose_recipients(withholding)
            withholding.log_doubts()
            return begin

        return deliver(Frame(message), self.prepare_frame, choose)

    def send_to_account(
        self, account_id: AccountId, message: JsonrpcMessageFromServerToClient
    ) -> int:
        """Send to every connection of an account, at O(matches); return how many (BRD-8)."""
        return deliver(
            Frame(message),
            self.prepare_frame,
            lambda: self.choose_recipients_by(ACCOUNT, account_id),
        )

    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        """Close every connection of one session; return how many (REV-1)."""
        return self.revoke(SESSION, token_hash)

    def close_sockets_for_account(self, account_id: AccountId) -> int:
        """Close every connection of an account, with any credential; return how many (REV-1)."""
        return self.revoke(ACCOUNT, account_id)

    def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        """Close every connection that was opened with one API token; return how many (REV-1)."""
        return self.revoke(API_TOKEN, api_token_id)

    def revoke(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        where: Predicate[object] | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close what has `key`, in every member that knows `index`; return how many."""
        return self.cut_off(index, key, where=where, code=code, reason=reason)()

    def close_where(
        self,
        predicate: Predicate[TIdentity],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """As `ConnectionTransport.close_where`, over all members."""
        return self.cut_off_where(predicate, code=code, reason=reason)()

    # As a member of another group, or of a cluster

    def attach_gate(self, gate: Gate) -> None:
        """As `Connections.attach_gate`, for all members."""
        for member in self._members:
            member.attach_gate(gate)

    def fence(self) -> Tell:
        """As `Revocation.fence`, for all members."""
        return cut_off_on_each(self._members, lambda member: member.fence())

    def prepare_frame(self, frame: Frame) -> None:
        """Raise what any member would raise on sending `frame`."""
        for member in self._members:
            member.prepare_frame(frame)

    def choose_recipients(self, predicate: Predicate[TIdentity] | None = None) -> Begin:
        """Choose in every member; what is returned begins with every member, and sends only then.

        So a predicate that calls back finds this message under way in none of them, and a handle
        that calls back finds it under way in all: every connection gets the messages in the same
        order (BRD-3).
        """
        return _with_all([member.choose_recipients(predicate) for member in self._members])

    def choose_recipients_by(self, index: Index[Never, TKey], key: TKey) -> Begin:
        """As `choose_recipients`, for the connections under `key` of `index`."""
        return _with_all([member.choose_recipients_by(index, key) for member in self._members])

    def cut_off(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        where: Predicate[object] | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Tell:
        """Cut off in every member; what is returned tells the handles of all.

        So a handle that calls back when it is told reaches nobody who is being revoked (REV-2). A
        member that raises spares none of the others, and its error comes when all are told (REV-5).
        """
        return cut_off_on_each(
            self._members,
            lambda member: member.cut_off(index, key, where=where, code=code, reason=reason),
        )

    def cut_off_where(
        self,
        predicate: Predicate[TIdentity],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Tell:
        """As `cut_off`, for what satisfies `predicate`."""
        return cut_off_on_each(
            self._members,
            lambda member: member.cut_off_where(predicate, code=code, reason=reason),
        )


def _with_all(begins: Sequence[Begin]) -> Begin:
    def begin(frame: Frame) -> Callable[[], int]:
        finishes = [begin_one(frame) for begin_one in begins]
        return lambda: sum(finish() for finish in finishes)

    return begin
