"""Nodes with clocks of their own over one log, and what apps do with them."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from itertools import count
from uuid import UUID

from gatecast.cluster.receipts import Receipt
from gatecast.connections.admission import Admission
from gatecast.errors import AdmissionError, RelayError
from gatecast.identity.ids import AccountId
from gatecast.identity.index import ACCOUNT
from gatecast.identity.types import ConnectionIdentity
from tests.core.cluster.naive_node import LEASE, History, Revocation, SentBroadcast
from tests.core.cluster.simulated_log import SimulatedLog
from tests.core.cluster.simulated_node import (
    Clock,
    SimulatedConnection,
    SimulatedNode,
    everyone_but,
)
from tests.core.fakes import ALICE, BOB, daemon, note, session

IDENTITIES = (daemon(ALICE), session("s", ALICE), daemon(BOB))
"""Of the clients that each node has as long as it may."""

_SLICES = 10


class SimulatedCluster:
    """All nodes, and the log. `most` entries come with one answer."""

    def __init__(self, clocks: Sequence[tuple[float, float]], most: int) -> None:
        ticks = count(1)
        self.log = SimulatedLog(lambda: next(ticks), self._clocks)
        self.history = History(self.log, ticks)
        self._most = most
        self._lives = count(1)
        self._revocations = count(1)
        self.nodes: list[SimulatedNode] = []
        for offset, rate in clocks:
            self.nodes.append(self._node(Clock(offset, rate)))

    # What happens by itself

    def pass_time(self, seconds: float, turns: int) -> None:
        """Let time pass on every clock, and nodes do what they get to, with the usual traffic."""
        for node in self.awake():
            self._come_and_go(node)
            node.start(self.broadcast(node, None))
        for _ in range(_SLICES):
            for node in self.nodes:
                # In this order, since an event loop may read before it rings what is overdue.
                node.run(turns)
                node.pass_time(seconds / _SLICES)
            self.check()
        for node in self.awake():
            self._finish_admissions(node)

    def awake(self) -> list[SimulatedNode]:
        return [node for node in self.nodes if not node.is_paused]

    def _come_and_go(self, node: SimulatedNode) -> None:
        """The oldest connection ends, and whoever is not connected tries to be."""
        for connection in node.open[:1]:
            node.transport.remove_connection(connection)
        connected = [connection.identity for connection in node.open]
        for identity in IDENTITIES:
            if identity not in connected:
                self.connect(node, identity)

    def _finish_admissions(self, node: SimulatedNode) -> None:
        for identity in IDENTITIES:
            if node.is_healthy and node.admissions:
                self.connect(node, identity, node.admissions.pop(0))

    def restart(self, number: int) -> None:
        """Kill a process, and start another in its place."""
        killed = self.nodes[number]
        killed.stop()
        self.nodes[number] = self._node(Clock(killed.now, killed.clock.rate))

    def lose(self, entries: int) -> None:
        """The log loses its newest entries, whoever was told that they are durable."""
        self.log.lose(entries)
        for node in self.nodes:
            # Those who had applied them find out, or can't read.
            if not self.log.knows(node.naive.applied):
                for connection in node.open:
                    connection.deadline = min(connection.deadline, node.now + LEASE)

    # What apps do

    def admit(self, node: SimulatedNode) -> None:
        """Begin to check as many credentials as there are clients."""
        for _ in IDENTITIES:
            node.admissions.append((self.history.tick(), node.transport.admit()))

    def connect(
        self,
        node: SimulatedNode,
        identity: ConnectionIdentity,
        begun: tuple[int, Admission[ConnectionIdentity]] | None = None,
    ) -> None:
        """Register a connection, at the end of an admission or without one."""
        now = self.history.tick()
        began, admission = begun or (now, None)
        connection = SimulatedConnection(node, identity, began, now)
        try:
            node.transport.add_connection(connection, identity, admission=admission)
        except AdmissionError:
            return
        finally:
            if admission is not None:
                admission.end()
        if not node.naive.may_admit():
            self.history.wrong.append("admitted, and has not caught up")

    async def broadcast(self, node: SimulatedNode, hidden_from: AccountId | None) -> None:
        history = self.history
        sent = SentBroadcast(len(history.broadcasts) + 1, node, hidden_from, history.tick())
        history.broadcasts.append(sent)
        message = note(sent.number)
        try:
            if hidden_from is None:
                await node.cluster.broadcast(message)
            else:
                await node.cluster.broadcast_filtered(message, everyone_but(str(hidden_from)))
        except RelayError:
            sent.is_confirmed = False
        else:
            sent.is_confirmed = True

    def revoke(self, node: SimulatedNode, account_id: AccountId, *, wait: bool) -> None:
        number = next(self._revocations)
        # Written out at a fixed length, so that no reason is a part of another.
        reason = f"revocation {number:04}"
        publishing: Coroutine[object, None, int | Receipt]
        if wait:
            publishing = node.cluster.revoke_and_wait(ACCOUNT, account_id, reason=reason)
        else:
            publishing = node.cluster.revoke(ACCOUNT, account_id, reason=reason)
        node.start(self._revoke(publishing, account_id, reason))
        if node.open_of(account_id):
            self.history.wrong.append("revoked, and still open here")

    async def _revoke(
        self,
        publishing: Coroutine[object, None, int | Receipt],
        account_id: AccountId,
        reason: str,
    ) -> None:
        began = self.history.tick()
        try:
            outcome = await publishing
        except RelayError:
            return
        entry = self.log.find(reason)
        if entry is None:
            self.history.wrong.append("revoked, and not durable")
        else:
            durable = self.history.tick()
            self.history.revocations.append(Revocation(account_id, entry, began, durable))
        if isinstance(outcome, Receipt):
            self._check_receipt(outcome, account_id, began)

    def _check_receipt(self, receipt: Receipt, account_id: AccountId, began: int) -> None:
        for node in self.nodes:
            has_answered = node.cluster.node_id in receipt.closed
            # Who is alive is known from the log, so only as long as that keeps what it was given.
            is_alive = receipt.complete and self.log.is_whole and not node.is_late
            is_open = any(each.began < began for each in node.open_of(account_id))
            if is_open and (has_answered or is_alive):
                self.history.wrong.append("a receipt, and still open")

    # What must hold

    def check(self) -> None:
        for node in self.nodes:
            node.naive.check()
        assert self.history.wrong == []

    def settle(self) -> None:
        """Mend everything; what must hold once there was time to find out."""
        for node in self.nodes:
            node.is_paused = node.relay.mute = node.relay.deaf = False
        for _ in range(3):
            self.pass_time(8, turns=20)
        for node in self.nodes:
            assert node.is_healthy
            assert not any(sent.is_confirmed for sent in node.naive.owed)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def _node(self, clock: Clock) -> SimulatedNode:
        return SimulatedNode(self.history, clock, self._most, lambda: UUID(int=next(self._lives)))

    def _clocks(self) -> Mapping[object, float]:
        return {node: node.now for node in self.nodes}
