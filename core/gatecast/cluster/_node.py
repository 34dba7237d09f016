"""A node: what one process of a cluster knows, and what it may do with that. No I/O.

Every node writes heartbeats into the log and reads them back. By then it has read everything that
was published before, so the age of the newest heartbeat that was read back bounds how long a
revocation may have gone unnoticed here. When that age reaches the lease, the node fences itself
(CLU-3). That needs no message, and no clock but its own.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Generic, TypeVar

from gatecast.cluster._applier import Applier
from gatecast.cluster._envelopes import (
    Acknowledgement,
    Broadcast,
    EventRevocation,
    Heartbeat,
    KeyRevocation,
    Leave,
    NodeId,
    UnreadableEntry,
    decode,
)
from gatecast.cluster._lease import Lease
from gatecast.cluster._live_nodes import LiveNodes
from gatecast.cluster.receipts import PendingReceipts
from gatecast.ports.observer import ClusterReport, ClusterReportKind, OnReport
from gatecast.ports.runtime import Runtime

__all__ = ["Node", "NodeState"]

TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")

_MAX_HELD: Final = 10_000
"""How many broadcasts wait while a node catches up; with more, it fences itself and rejoins."""

_MAX_ACKNOWLEDGEMENTS: Final = 1_000
"""How many acknowledgements wait for a heartbeat that is read back; the oldest is dropped."""


class NodeState(StrEnum):
    """How much a node knows of the others' revocations."""

    FENCED = "fenced"
    """Closed its connections, and admits nobody. The initial state."""

    CATCHING_UP = "catching_up"
    """The link is lost: keeps its connections, admits nobody, and holds broadcasts."""

    FOLLOWING = "following"
    """Up to date within the lease."""


class Node(Generic[TIdentity]):
    """The state machine that decides what the entries of the log do on one node.

    The follower passes it what was read and what failed, and it calls the transports. It is their
    gate: they ask it before they admit a connection, and before they send.
    """

    def __init__(
        self,
        node_id: NodeId,
        applier: Applier[TIdentity],
        *,
        runtime: Runtime,
        lease: float,
        reporters: Sequence[OnReport],
    ) -> None:
        self.id: NodeId = node_id
        self.state: NodeState = NodeState.FENCED
        self.lease: Lease = Lease(runtime, lease, self.enforce)
        self.receipts: PendingReceipts = PendingReceipts()
        self._applier = applier
        self._reporters = reporters
        self._seq = 0
        self._fenced_for = ""
        self._held: deque[Broadcast] = deque()
        self._acknowledgements: OrderedDict[Acknowledgement, None] = OrderedDict()
        self._others = LiveNodes(runtime, 2 * lease)

    # As the gate of the transports

    def enforce(self) -> None:
        """Fence the node if its lease has ended."""
        if self.state is not NodeState.FENCED and self.lease.ended:
            self.fence(f"no heartbeat was read back for {self.lease.seconds:g} s")

    def is_open(self) -> bool:
        """Whether a connection may be admitted now."""
        self.enforce()
        return self.state is NodeState.FOLLOWING

    # What happens to the link

    def link_lost(self, detail: str) -> None:
        """Note that the relay could not be reached, so entries may be waiting (CLU-2)."""
        self._require_new_beat()
        if self.state is NodeState.FOLLOWING:
            self.state = NodeState.CATCHING_UP
            self._report(ClusterReportKind.CATCHING_UP, detail)

    def fence(self, detail: str) -> None:
        """Close every connection with 1012; admit nobody until a new heartbeat is read back."""
        self._fence(ClusterReportKind.FENCED, detail)

    def leave(self) -> None:
        """As `fence`, when the node stops following the log, which needs no alert."""
        self._fence(ClusterReportKind.LEFT, "it has stopped following the log")

    # What it writes

    def next_seq(self) -> int:
        """The number of the next entry that this node writes."""
        self._seq += 1
        return self._seq

    def heartbeat(self) -> Heartbeat:
        """The heartbeat to publish now, with all pending acknowledgements."""
        seq = self.next_seq()
        self.lease.sent(seq)
        self._others.forget_silent()
        return Heartbeat(node=self.id, seq=seq, acknowledged=tuple(self._acknowledgements))

    def live_nodes(self) -> frozenset[NodeId]:
        """This node, and all whose heartbeats were read within two leases."""
        return self._others.alive() | {self.id}

    # What it reads

    def read(self, entry: bytes) -> None:
        """Apply the next entry of the log; never raises."""
        envelope = decode(entry)
        if isinstance(envelope, UnreadableEntry):
            self._on_unreadable(envelope)
        elif isinstance(envelope, KeyRevocation | EventRevocation):
            # A repeated one closes newer connections as well, which is safe.
            self._others.remember(envelope)
            self._on_revocation(envelope)
        elif not self._others.remember(envelope):
            return
        elif isinstance(envelope, Heartbeat):
            self._on_beat(envelope)
        elif isinstance(envelope, Leave):
            self._others.left(envelope.node)
        else:
            self._on_broadcast(envelope)

    def _on_unreadable(self, unreadable: UnreadableEntry) -> None:
        if unreadable.may_revoke:
            self.fence(f"an entry that may have been a revocation: {unreadable.detail}")
        else:
            self._report(ClusterReportKind.SKIPPED, unreadable.detail)

    def _on_revocation(self, envelope: KeyRevocation | EventRevocation) -> None:
        closed = 0
        # A fenced node has nothing to close, and its admissions have ended.
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
            # Every heartbeat before it in the log has been read by now.
            self.receipts.expect_from(envelope.seq, self.live_nodes())
        acknowledgement = Acknowledgement(node=envelope.node, seq=envelope.seq, closed=closed)
        self._acknowledgements[acknowledgement] = None
        if len(self._acknowledgements) > _MAX_ACKNOWLEDGEMENTS:
            self._acknowledgements.popitem(last=False)
        self.lease.beat_now()

    def _on_beat(self, beat: Heartbeat) -> None:
        self._others.heard(beat.node)
        for each in beat.acknowledged:
            if each.node == self.id:
                self.receipts.answer(each.seq, beat.node, each.closed)
        if beat.node == self.id:
            self._on_own_beat(beat)

    def _on_own_beat(self, beat: Heartbeat) -> None:
        # Until then they are sent with every heartbeat, since some may not be in the log.
        for each in beat.acknowledged:
            self._acknowledgements.pop(each, None)
        if self.lease.renew(beat.seq):
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
            # An admission that began meanwhile may have missed a revocation.
            self._applier.fence()
        if self.state is not NodeState.FOLLOWING:
            self.state = NodeState.FOLLOWING
            self._report(ClusterReportKind.FOLLOWING, "caught up with the log")
        while self._held:
            self._deliver(self._held.popleft())

    def _deliver(self, broadcast: Broadcast) -> None:
        try:
            self._applier.broadcast(broadcast)
        except Exception as error:
            _logger.exception("delivering a broadcast from %s failed", broadcast.node)
            self._report(ClusterReportKind.SKIPPED, f"a broadcast from {broadcast.node}: {error}")

    def _require_new_beat(self) -> None:
        self.lease.require_beat(self._seq + 1)

    def _fence(self, kind: ClusterReportKind, detail: str) -> None:
        # A node that keeps failing to join reports it once.
        is_news = self.state is not NodeState.FENCED or detail != self._fenced_for
        self._require_new_beat()
        self._held.clear()
        self.lease.stop_timer()
        self.state, self._fenced_for = NodeState.FENCED, detail
        try:
            self._applier.fence()
        finally:
            if is_news:
                self._report(kind, detail)

    def _report(self, kind: ClusterReportKind, detail: str) -> None:
        for reporter in self._reporters:
            try:
                reporter(ClusterReport(kind, detail))
            except Exception:
                _logger.exception("on_report failed")
