"""One node of a cluster: how it is built over the transports of its process, and kept running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from gatecast.cluster._applier import Applier
from gatecast.cluster._envelopes import NodeId
from gatecast.cluster._follower import Follower
from gatecast.cluster._keys import PortableKeys
from gatecast.cluster._node import Node, NodeState
from gatecast.cluster.policies import Policies
from gatecast.cluster.reports import OnReport, log_report
from gatecast.connections.group import TransportGroup
from gatecast.connections.guard import AuditEvent, RevocationGuard
from gatecast.connections.member import GroupMember
from gatecast.identity.index import AnyIndex
from gatecast.ports.relay import Relay
from gatecast.ports.runtime import Host

__all__ = ["ClusterHealth", "ClusterNode"]

TIdentity = TypeVar("TIdentity")


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """How much a node knows of the others."""

    state: NodeState

    age: float | None
    """For how many seconds a revocation may have gone unnoticed here; `None` before the node has
    joined. At `lease` seconds it fences itself."""

    live_nodes: frozenset[NodeId]
    """This node, and those whose beats it has read lately."""

    @property
    def is_healthy(self) -> bool:
        """Whether connections are admitted, and relayed messages delivered."""
        return self.state is NodeState.FOLLOWING


class ClusterNode(Generic[TIdentity]):
    """The transports of one process as a node of a cluster.

    From its construction on the transports admit nobody until `run` has caught up with the log, and
    no transport may be in two clusters. All nodes are built with the same `lease` (in seconds,
    above zero), `policies` and `indexes`, since these travel by name; `indexes` come beside the
    built-in ones. `guard` is what `revoke_by_event` acts through on each node; by default a role
    that was revoked closes sockets as well as streams. `node_name` begins the node's id, which is
    of one life of one process.

    Raises `InvalidLimitError`, `DuplicateIndexError` or `UnportableIndexError`.
    """

    def __init__(
        self,
        relay: Relay,
        *transports: GroupMember[TIdentity],
        host: Host,
        lease: float = 10.0,
        policies: Policies[TIdentity] | None = None,
        indexes: Sequence[AnyIndex[TIdentity]] = (),
        guard: Callable[[AuditEvent], int] | None = None,
        node_name: str = "node",
        new_id: Callable[[], UUID] = uuid4,
        on_report: OnReport = log_report,
    ) -> None:
        members = TransportGroup("cluster", *transports)
        self._relay = relay
        self._host = host
        self._members = members
        self._policies: Policies[TIdentity] = Policies() if policies is None else policies
        self._keys: PortableKeys[TIdentity] = PortableKeys(indexes)
        self._applier = Applier(
            members, self._keys, self._policies, guard or RevocationGuard(streams=[members])
        )
        self._node: Node[TIdentity] = Node(
            NodeId(f"{node_name}-{new_id()}"),
            self._applier,
            members.fence,
            host=host,
            lease=lease,
            on_report=on_report,
        )
        self._follower = Follower(relay, self._node, host)
        members.attach_gate(self._node)

    @property
    def node_id(self) -> NodeId:
        """What this node is called in receipts."""
        return self._node.id

    async def run(self) -> None:
        """Follow the relay's log until cancelled; run it as long as connections are served.

        It outlives whatever the relay does. When it ends, the node's connections are closed with
        1012, and no more are admitted.
        """
        await self._follower.run()

    async def leave(self) -> None:
        """Tell the other nodes not to wait for this one, after `run` was cancelled.

        Raises `RelayUnavailableError`; then they find out by themselves.
        """
        await self._follower.leave()

    def health(self) -> ClusterHealth:
        """How much this node knows of the others now (CLU-3); any thread may ask."""
        lease = self._node.lease
        state = NodeState.FENCED if lease.ended else self._node.state
        return ClusterHealth(state, lease.age, self._node.live_nodes())
