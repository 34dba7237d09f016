"""A cluster: broadcasts and revocations over all processes of an app. No I/O of its own.

It is a layer above the transports of one process. Its verbs take a round trip to the relay, so they
are awaited; those of the transports act on this process only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Never, TypeVar
from uuid import UUID, uuid4

from gatecast.close_codes import REVOKED_REASON, CloseCode, truncate_reason, validate_close_code
from gatecast.cluster._applier import Applier
from gatecast.cluster._envelopes import (
    Broadcast,
    EventRevocation,
    KeyRevocation,
    NodeId,
    ToAll,
    ToAllBut,
    ToKey,
    ToPolicy,
    ToRecipients,
    encode,
)
from gatecast.cluster._follower import Follower
from gatecast.cluster._keys import PortableKeys
from gatecast.cluster._node import Node, NodeState
from gatecast.cluster.policies import Policies, PolicyCall
from gatecast.cluster.receipts import Receipt
from gatecast.cluster.reports import log_report
from gatecast.connections._home_thread import Call
from gatecast.connections.group import TransportGroup
from gatecast.connections.guard import AuditEvent, RevocationGuard
from gatecast.connections.member import HasMember
from gatecast.errors import MissingRuntimeError, RelayError, RevocationNotDurableError
from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, AnyIndex, Index
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from gatecast.ports.observer import Observer, OnReport
from gatecast.ports.relay import Relay
from gatecast.ports.runtime import HasRuntime, Runtime

__all__ = ["Cluster", "ClusterHealth"]

TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)

_CLUSTER: Final = Call("Cluster", "")
_BROADCAST: Final = Call("broadcast", "cluster", is_async=True)
_BROADCAST_FILTERED: Final = Call("broadcast_filtered", "cluster", is_async=True)
_CLOSE_SOCKETS_FOR_ACCOUNT: Final = Call("close_sockets_for_account", "cluster", is_async=True)
_CLOSE_SOCKETS_FOR_SESSION: Final = Call("close_sockets_for_session", "cluster", is_async=True)
_CLOSE_SOCKETS_FOR_TOKEN: Final = Call("close_sockets_for_token", "cluster", is_async=True)
_REVOKE: Final = Call("revoke", "cluster", is_async=True)
_REVOKE_ACCOUNT: Final = Call("revoke_account", "cluster", is_async=True)
_REVOKE_AND_WAIT: Final = Call("revoke_and_wait", "cluster", is_async=True)
_REVOKE_BY_EVENT: Final = Call("revoke_by_event", "cluster", is_async=True)
_REVOKE_BY_EVENT_AND_WAIT: Final = Call("revoke_by_event_and_wait", "cluster", is_async=True)
_REVOKE_SESSION: Final = Call("revoke_session", "cluster", is_async=True)
_REVOKE_TOKEN: Final = Call("revoke_token", "cluster", is_async=True)
_SEND_BY: Final = Call("send_by", "cluster", is_async=True)
_SEND_TO_ACCOUNT: Final = Call("send_to_account", "cluster", is_async=True)


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """Whether a node is up to date."""

    state: NodeState

    age: float | None
    """How many seconds a revocation may have gone unnoticed here; `None` before the node has
    joined. At `lease` seconds the node fences itself."""

    live_nodes: frozenset[NodeId]
    """This node, and those whose heartbeats it has read lately."""

    @property
    def is_healthy(self) -> bool:
        """Whether the node admits connections and delivers relayed messages."""
        return self.state is NodeState.FOLLOWING


class Cluster(Generic[TIdentity]):
    """Everything that an app may do to the connections of all its processes.

    From its construction on the transports admit nobody until `run` has caught up with the log, and
    no transport may be in two clusters. All nodes need the same `lease` (in seconds, above zero),
    `policies` and `indexes`, which are sent by name; `indexes` are added to the built-in ones.
    `revoke_by_event` calls `guard` on each node; by default a revoked role closes sockets as well
    as streams. `node_name` is the beginning of the node's id, which each process start makes anew.
    `observer` and `on_report` are notified of what the node reports. `runtime` is by default that
    of the first transport that has one, or else the relay's.

    Every node, this one included, delivers a broadcast when it reads it from the log, so that all
    deliver all broadcasts in one order (CLU-5). The verbs that send raise `RelayUnavailableError`
    if the relay did not confirm in time; then the message may still reach everyone, or nobody. A
    message that can't be serialised raises `MessageNotSerializableError`.

    The verbs that revoke first close the connections here, and return once the revocation is
    durable in the relay. Within `lease` seconds every other node has closed its own, or has fenced
    itself (CLU-1, CLU-3). They raise `RevocationNotDurableError` if that could not be confirmed;
    the connections here are closed even then.

    Raises `InvalidLimitError`, `DuplicateIndexError`, `UnportableIndexError`,
    `DuplicateMemberError`, `TransportInUseError` or `MissingRuntimeError`.
    """

    def __init__(
        self,
        relay: Relay,
        *transports: HasMember[TIdentity],
        lease: float = 10.0,
        policies: Policies[TIdentity] | None = None,
        indexes: Sequence[AnyIndex[TIdentity]] = (),
        guard: Callable[[AuditEvent], int] | None = None,
        node_name: str = "node",
        new_id: Callable[[], UUID] = uuid4,
        observer: Observer[TIdentity] | None = None,
        on_report: OnReport = log_report,
        runtime: Runtime | None = None,
    ) -> None:
        group = TransportGroup("cluster", *transports)
        self._relay = relay
        self._member = group.member
        self._runtime = runtime or self._member.runtime or _runtime_of(relay)
        self._policies: Policies[TIdentity] = Policies() if policies is None else policies
        self._keys: PortableKeys[TIdentity] = PortableKeys(indexes)
        self._applier = Applier(
            self._member,
            self._keys,
            self._policies,
            RevocationGuard(streams=[group]) if guard is None else guard,
        )
        self._node: Node[TIdentity] = Node(
            NodeId(f"{node_name}-{new_id()}"),
            self._applier,
            runtime=self._runtime,
            lease=lease,
            reporters=[on_report] if observer is None else [on_report, observer],
        )
        self._member.check_thread(_CLUSTER)
        self._follower = Follower(relay, self._node, self._runtime)
        self._member.attach_gate(self._node)

    # The node

    @property
    def node_id(self) -> NodeId:
        """The id of this node in receipts."""
        return self._node.id

    async def run(self) -> None:
        """Follow the relay's log until cancelled; run it as long as connections are served.

        It retries when the relay fails. When it ends, the node's connections are closed with 1012,
        and no more are admitted.
        """
        await self._follower.run()

    async def leave(self) -> None:
        """Notify the other nodes that this one has left, after `run` was cancelled.

        Raises `RelayUnavailableError`; then they notice that its heartbeats are missing.
        """
        await self._follower.leave()

    def health(self) -> ClusterHealth:
        """Whether this node is up to date (CLU-3); works on every thread."""
        lease = self._node.lease
        state = NodeState.FENCED if lease.ended else self._node.state
        return ClusterHealth(state, lease.age, self._node.live_nodes())

    # Sending

    async def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> None:
        """Send to every connection of every node, or to all but `exclude` (CLU-5)."""
        self._member.check_thread(_BROADCAST)
        await self._send(message, ToAll(), exclude)

    async def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        policy: PolicyCall[TIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> None:
        """Send to the connections, on every node, that satisfy a policy.

        `policy` is what a call of a registered policy returns. Raises `UnnamedPolicyError` for a
        bare function, which other nodes can't know, and `UnknownPolicyError` for a policy that is
        not registered, and then has sent nothing. `exclude` is left out.
        """
        self._member.check_thread(_BROADCAST_FILTERED)
        self._policies.require(policy)
        recipients = ToPolicy.model_validate({"policy": policy.name, "arguments": policy.arguments})
        await self._send(message, recipients, exclude)

    async def send_by(
        self,
        index: Index[Never, TKey],
        key: TKey,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> None:
        """Send to every connection under `key`, on every node, except for `exclude`.

        Raises `UnknownIndexError` or `InvalidKeyError`, and then has sent nothing.
        """
        self._member.check_thread(_SEND_BY)
        await self._send(message, self._to_key(index, key), exclude)

    async def send_to_account(
        self,
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> None:
        """Send to every connection of an account, on every node, except for `exclude`."""
        self._member.check_thread(_SEND_TO_ACCOUNT)
        await self._send(message, self._to_key(ACCOUNT, account_id), exclude)

    # Closing

    async def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        """As `revoke`, for the connections of one session."""
        self._member.check_thread(_CLOSE_SOCKETS_FOR_SESSION)
        return await self._revoke(self._key_revocation(SESSION, token_hash))

    async def close_sockets_for_account(self, account_id: AccountId) -> int:
        """As `revoke`, for the connections of an account, with any credential."""
        self._member.check_thread(_CLOSE_SOCKETS_FOR_ACCOUNT)
        return await self._revoke(self._key_revocation(ACCOUNT, account_id))

    async def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        """As `revoke`, for the connections that were opened with one API token."""
        self._member.check_thread(_CLOSE_SOCKETS_FOR_TOKEN)
        return await self._revoke(self._key_revocation(API_TOKEN, api_token_id))

    async def revoke_session(self, token_hash: TokenHash) -> int:
        """As `close_sockets_for_session`; both close streams as well."""
        self._member.check_thread(_REVOKE_SESSION)
        return await self._revoke(self._key_revocation(SESSION, token_hash))

    async def revoke_account(self, account_id: AccountId) -> int:
        """As `close_sockets_for_account`."""
        self._member.check_thread(_REVOKE_ACCOUNT)
        return await self._revoke(self._key_revocation(ACCOUNT, account_id))

    async def revoke_token(self, api_token_id: ApiTokenId) -> int:
        """As `close_sockets_for_token`."""
        self._member.check_thread(_REVOKE_TOKEN)
        return await self._revoke(self._key_revocation(API_TOKEN, api_token_id))

    async def revoke(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection under `key`, on every node; return how many were closed here.

        Raises `UnknownIndexError`, `InvalidKeyError` or `InvalidCloseError`, and then has closed
        nothing.
        """
        self._member.check_thread(_REVOKE)
        return await self._revoke(self._key_revocation(index, key, code, reason))

    async def revoke_and_wait(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        deadline: float | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Receipt:
        """As `revoke`; returns when all live nodes have applied it, with a receipt (CLU-6).

        After `deadline` seconds, by default the lease, it returns in any case, and the receipt has
        the nodes that did not answer. Answers are read from the log, so `run` has to be running.
        """
        self._member.check_thread(_REVOKE_AND_WAIT)
        revocation = self._key_revocation(index, key, code, reason, wait=True)
        return await self._revoke_and_wait(revocation, deadline)

    async def revoke_by_event(self, event: AuditEvent) -> int:
        """As `revoke`, for what an audit event ends; every node calls its own guard.

        An event with the outcome `failure` closes nothing, and is not sent. Raises
        `IncompleteEventError`, and then has closed nothing.
        """
        self._member.check_thread(_REVOKE_BY_EVENT)
        if event.outcome != "success":
            return 0
        return await self._revoke(self._event_revocation(event, wait=False))

    async def revoke_by_event_and_wait(
        self, event: AuditEvent, *, deadline: float | None = None
    ) -> Receipt:
        """As `revoke_by_event`, with a receipt as from `revoke_and_wait`."""
        self._member.check_thread(_REVOKE_BY_EVENT_AND_WAIT)
        if event.outcome != "success":
            return Receipt({}, frozenset())
        return await self._revoke_and_wait(self._event_revocation(event, wait=True), deadline)

    # What goes into the log

    def _to_key(self, index: Index[Never, TKey], key: TKey) -> ToKey:
        return ToKey(index=index.name, key=self._keys.encode(index, key))

    def _key_revocation(
        self,
        index: Index[Never, TKey],
        key: TKey,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
        *,
        wait: bool = False,
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

    async def _send(
        self,
        message: JsonrpcMessageFromServerToClient,
        recipients: ToRecipients,
        exclude: ConnectionId | None,
    ) -> None:
        if exclude is not None:
            recipients = ToAllBut(connection=exclude, of=recipients)
        frame = Frame(message)
        self._member.prepare(frame)
        node, seq = self._node.id, self._node.next_seq()
        envelope = Broadcast(node=node, seq=seq, message=frame.text, recipients=recipients)
        await self._relay.publish(encode(envelope))

    async def _revoke(self, envelope: KeyRevocation | EventRevocation) -> int:
        # Encoded first: a revocation that can't be sent must not close anything here either.
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
        pending = receipts.expect(envelope.seq, node.live_nodes(), self._runtime.event())
        try:
            closed = await self._revoke(envelope)
            receipt = await pending.wait(
                self._runtime, node.lease.seconds if deadline is None else deadline
            )
        finally:
            receipts.forget(envelope.seq)
        return receipt.with_closed(node.id, closed)


def _runtime_of(relay: Relay) -> Runtime:
    if isinstance(relay, HasRuntime):
        return relay.runtime
    raise MissingRuntimeError
