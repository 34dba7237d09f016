"""A node: what one process of a cluster knows, and what it may do while it knows that. No I/O.

Every node writes beats into the log and reads them back. Whatever was published before a beat has
then been read as well, so the age of the newest beat that came back bounds for how long a
revocation can have gone unnoticed here. When that age reaches the lease, the node fences itself
(CLU-3). No message has to arrive for that, and no clock but its own counts.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Generic, TypeVar

from gatecast.cluster._applier import Applier
from gatecast.cluster._envelopes import (
    Acknowledgement,
    Beat,
    Broadcast,
    Bye,
    EventRevocation,
    KeyRevocation,
    NodeId,
    UnreadableEntry,
    decode,
)
from gatecast.cluster._lease import Lease
from gatecast.cluster._live_nodes import Peers
from gatecast.cluster.receipts import Receipts
from gatecast.cluster.reports import ClusterReport, ClusterReportKind, OnReport
from gatecast.ports.ports import Tell
from gatecast.ports.runtime import Host

__all__ = ["Node", "NodeState"]

TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")

_MAX_HELD: Final = 10_000
"""How many broadcasts wait while a node catches up; one that is further behind starts anew."""

_MAX_ACKNOWLEDGEMENTS: Final = 1_000
"""How many wait for a beat that comes back; the oldest is forgotten, and then not answered."""


class NodeState(StrEnum):
    """How much a node knows of the others' revocations."""

    FENCED = "fenced"
    """Too little: it has closed its connections and admits none. Each node begins like this."""

    CATCHING_UP = "catching_up"
    """Little enough to admit nobody, and to deliver nothing that was relayed."""

    FOLLOWING = "following"
    """All of them, up to a moment less than the lease ago."""


class Node(Generic[TIdentity]):
    """The state machine that decides what the entries of the log do on one node.

    It is told what was read and what failed, and calls the transports. It is their gate: they ask
    it before they admit a connection, and before they send.
    """

    def __init__(
        self,
        node_id: NodeId,
        applier: Applier[TIdentity],
        fence_members: Callable[[], Tell],
        *,
        host: Host,
        lease: float,
        on_report: OnReport,
    ) -> None:
        self.id: NodeId = node_id
        self.state: NodeState = NodeState.FENCED
        self.lease: Lease = Lease(host, lease, self.enforce)
        self.receipts: Receipts = Receipts()
        self._applier = applier
        self._fence_members = fence_members
        self._on_report = on_report
        self._seq = 0
        self._fenced_for = ""
        self._held: deque[Broadcast] = deque()
        self._acknowledgements: OrderedDict[Acknowledgement, None] = OrderedDict()
        self._peers = Peers(host, 2 * lease)

    # As the gate of the transports

    def enforce(self) -> None:
        """Fence the node if its lease has ended."""
        if self.state is not NodeState.FENCED and self.lease.ended:
            self.fence(f"no beat came back for {self.lease.seconds:g} s")

    def is_open(self) -> bool:
        """Whether a connection may be admitted now."""
        self.enforce()
        return self.state is NodeState.FOLLOWING

    # What happens to the link

    def lost(self, detail: str) -> None:
        """The relay could not be reached, so entries may be waiting (CLU-2)."""
        self._require_new_beat()
        if self.state is NodeState.FOLLOWING:
            self.state = NodeState.CATCHING_UP
            self._report(ClusterReportKind.CATCHING_UP, detail)

    def fence(self, detail: str) -> None:
        """Close every connection with 1012, and admit nobody until a new beat has come back."""
        self._fence(ClusterReportKind.FENCED, detail)

    def leave(self) -> None:
        """As `fence`, when the node follows the log no more: that is nothing to alert on."""
        self._fence(ClusterReportKind.LEFT, "it follows the log no more")

    # What it writes

    def next_seq(self) -> int:
        """The number of the next entry that this node writes."""
        self._seq += 1
        return self._seq

    def beat(self) -> Beat:
        """The beat to publish now, with everything that is to be acknowledged."""
        seq = self.next_seq()
        self.lease.sent(seq)
        self._peers.forget_silent()
        return Beat(node=self.id, seq=seq, acknowledged=tuple(self._acknowledgements))

    def live_nodes(self) -> frozenset[NodeId]:
        """This node, and all whose beats were read within two leases."""
        return self._peers.alive() | {self.id}

    # What it reads

    def read(self, entry: bytes) -> None:
        """Apply the next entry of the log; never raises."""
        envelope = decode(entry)
        if isinstance(envelope, UnreadableEntry):
            self._on_unreadable(envelope)
        elif isinstance(envelope, KeyRevocation | EventRevocation):
            # A repeated one closes what came since, which is on the safe side.
            self._peers.remember(envelope)
            self._on_revocation(envelope)
        elif not self._peers.remember(envelope):
            return
        elif isinstance(envelope, Beat):
            self._on_beat(envelope)
        elif isinstance(envelope, Bye):
            self._peers.left(envelope.node)
        else:
            self._on_broadcast(envelope)

    def _on_unreadable(self, unreadable: UnreadableEntry) -> None:
        if unreadable.may_revoke:
            self.fence(f"an entry that may have been a revocation: {unreadable.detail}")
        else:
            self._report(ClusterReportKind.SKIPPED, unreadable.detail)

    def _on_revocation(self, envelope: KeyRevocation | EventRevocation) -> None:
        closed = 0
        # While the node is fenced there is nothing to close, and no admission outlasts the fence.
        if self.state is not NodeState.FENCED:
            try:
                closed = self._applier.revoke(envelope)
            except Exception as error:
                _logger.exception("a revocation from %s failed", envelope.node)
                self.fence(f"a revocation could not be applied: {error}")
        if envelope.acknowledge:
            self._acknowledge(envelope, closed)

    def _acknowledge(self, envelope: KeyRevocation | EventRevocation, closed: int) -> None:
        if envelope.node == self.id:
            # Every beat that came before it in the log has been read by now.
            self.receipts.expect_from(envelope.seq, self.live_nodes())
        acknowledgement = Acknowledgement(node=envelope.node, seq=envelope.seq, closed=closed)
        self._acknowledgements[acknowledgement] = None
        if len(self._acknowledgements) > _MAX_ACKNOWLEDGEMENTS:
            self._acknowledgements.popitem(last=False)
        self.lease.hurry()

    def _on_beat(self, beat: Beat) -> None:
        self._peers.heard(beat.node)
        for each in beat.acknowledged:
            if each.node == self.id:
                self.receipts.answer(each.seq, beat.node, each.closed)
        if beat.node == self.id:
            self._on_own_beat(beat)

    def _on_own_beat(self, beat: Beat) -> None:
        # Until then they go out with every beat, since some may not have got into the log.
        for each in beat.acknowledged:
            self._acknowledgements.pop(each, None)
        if self.lease.came_back(beat.seq):
            self._caught_up()

    def _on_broadcast(self, broadcast: Broadcast) -> None:
        if self.state is NodeState.FOLLOWING:
            self._deliver(broadcast)
        elif self.state is NodeState.CATCHING_UP:
            self._held.append(broadcast)
            if len(self._held) > _MAX_HELD:
                self.fence(f"more than {_MAX_HELD} broadcasts behind")

    def _caught_up(self) -> None:
        if self.state is NodeState.FENCED:
            # What began to be admitted in the meantime may have been revoked unseen.
            self._fence_members()()
        if self.state is not NodeState.FOLLOWING:
            self.state = NodeState.FOLLOWING
            self._report(ClusterReportKind.FOLLOWING, "caught up with the log")
        while self._held:
            self._deliver(self._held.popleft())

    def _deliver(self, broadcast: Broadcast) -> None:
        try:
            self._applier.broadcast(broadcast)
        except Exception as error:
            _logger.exception("a broadcast from %s reached nobody here", broadcast.node)
            self._report(ClusterReportKind.SKIPPED, f"a broadcast from {broadcast.node}: {error}")

    def _require_new_beat(self) -> None:
        self.lease.require(self._seq + 1)

    def _fence(self, kind: ClusterReportKind, detail: str) -> None:
        # A node that tries again and again to join is not to say so each time.
        is_news = self.state is not NodeState.FENCED or detail != self._fenced_for
        self._require_new_beat()
        self._held.clear()
        self.lease.stop_timer()
        self.state, self._fenced_for = NodeState.FENCED, detail
        try:
            self._fence_members()()
        finally:
            if is_news:
                self._report(kind, detail)

    def _report(self, kind: ClusterReportKind, detail: str) -> None:
        try:
            self._on_report(ClusterReport(kind, detail))
        except Exception:
            _logger.exception("on_report failed")
