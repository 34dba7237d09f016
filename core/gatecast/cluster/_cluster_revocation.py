"""Revocation over all nodes of a cluster: close here, then tell the others. No I/O of its own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Never, TypeVar

from gatecast.close_codes import REVOKED_REASON, CloseCode, truncate_reason, validate_close_code
from gatecast.cluster._cluster_node import ClusterNode
from gatecast.cluster._envelopes import EventRevocation, KeyRevocation, encode
from gatecast.cluster.receipts import Receipt
from gatecast.connections.guard import AuditEvent
from gatecast.errors import RelayError, RevocationNotDurableError
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index

__all__ = ["ClusterRevocation"]

TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)


class ClusterRevocation(ClusterNode[TIdentity]):
    """The verbs that close connections on every node."""

    async def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        """As `revoke`, for the connections of one session."""
        return await self.revoke(SESSION, token_hash)

    async def close_sockets_for_account(self, account_id: AccountId) -> int:
        """As `revoke`, for the connections of an account, with any credential."""
        return await self.revoke(ACCOUNT, account_id)

    async def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        """As `revoke`, for the connections that were opened with one API token."""
        return await self.revoke(API_TOKEN, api_token_id)

    async def revoke(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection under `key`, on every node; return how many were closed here.

        Those here are closed first; it returns once the revocation is durable in the relay. Every
        other node has then closed its own within `lease` seconds, or has fenced itself (CLU-1,
        CLU-3). Raises `RevocationNotDurableError` if that could not be confirmed; those here are
        closed all the same. Raises `UnknownIndexError`, `InvalidKeyError` or `InvalidCloseError`,
        and then has closed nothing.
        """
        return await self._revoke(self._key_revocation(index, key, code, reason, wait=False))

    async def revoke_and_wait(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        deadline: float | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Receipt:
        """As `revoke`; returns when all live nodes have applied it, with what each did (CLU-6).

        After `deadline` seconds, by default the lease, it returns all the same, and names the nodes
        that did not answer. Answers are read from the log, so `run` has to be running.
        """
        return await self._revoke_and_wait(
            self._key_revocation(index, key, code, reason, wait=True), deadline
        )

    async def revoke_by_event(self, event: AuditEvent) -> int:
        """As `revoke`, for what an audit event has ended; every node asks its own guard.

        An event with the outcome `failure` closes nothing, and is not sent. Raises
        `IncompleteEventError`, and then has closed nothing.
        """
        if event.outcome != "success":
            return 0
        return await self._revoke(self._event_revocation(event, wait=False))

    async def revoke_by_event_and_wait(
        self, event: AuditEvent, *, deadline: float | None = None
    ) -> Receipt:
        """As `revoke_by_event`, with a receipt as from `revoke_and_wait`."""
        if event.outcome != "success":
            return Receipt({}, frozenset())
        return await self._revoke_and_wait(self._event_revocation(event, wait=True), deadline)

    def _key_revocation(
        self, index: Index[Never, TKey], key: TKey, code: int, reason: str, *, wait: bool
    ) -> KeyRevocation:
        validate_close_code(code)
        return KeyRevocation(
            index=index.name,
            key=self._keys.encode(index, key),
            code=code,
            reason=truncate_reason(reason),
            acknowledge=wait,
            node=self._node.id,
            seq=self._node.next_seq(),
        )

    def _event_revocation(self, event: AuditEvent, *, wait: bool) -> EventRevocation:
        return EventRevocation(
            event=event, acknowledge=wait, node=self._node.id, seq=self._node.next_seq()
        )

    async def _revoke(self, envelope: KeyRevocation | EventRevocation) -> int:
        # Written out first: what can't travel must not close anything here either.
        entry = encode(envelope)
        closed = self._applier.revoke(envelope)
        try:
            await self._relay.publish(entry)
        except RelayError as error:
            raise RevocationNotDurableError(closed, str(error)) from error
        return closed

    async def _revoke_and_wait(
        self, envelope: KeyRevocation | EventRevocation, deadline: float | None
    ) -> Receipt:
        node = self._node
        receipts = node.receipts
        pending = receipts.expect(envelope.seq, node.live_nodes(), self._host.event())
        try:
            closed = await self._revoke(envelope)
            receipt = await pending.wait(
                self._host, node.lease.seconds if deadline is None else deadline
            )
        finally:
            receipts.forget(envelope.seq)
        return receipt.with_closed(node.id, closed)
