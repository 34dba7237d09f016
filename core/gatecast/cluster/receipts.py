"""Receipts: which nodes have applied a revocation, and how many connections each closed (CLU-6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gatecast.cluster._envelopes import NodeId
from gatecast.ports.runtime import Event, Host

__all__ = ["PendingReceipt", "Receipt", "Receipts"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one revocation on the nodes that were alive when it was published."""

    closed: Mapping[NodeId, int]
    """How many connections each node closed, as far as is known."""

    unanswered: frozenset[NodeId]
    """The nodes that did not say so in time. Those that still don't follow the log fence themselves
    within their lease (CLU-3)."""

    @property
    def complete(self) -> bool:
        """Whether every node has applied it whose beats were read within two leases.

        One whose beats the log has lost is not known here; it is bound by the lease all the same.
        """
        return not self.unanswered

    @property
    def total(self) -> int:
        """How many connections were closed, as far as is known."""
        return sum(self.closed.values())

    def with_closed(self, node: NodeId, closed: int) -> Receipt:
        """This receipt, after `node` has closed so many connections before it was published."""
        counts = {**self.closed, node: self.closed.get(node, 0) + closed}
        return Receipt(counts, self.unanswered)


class PendingReceipt:
    """The answers to one revocation, as they come in."""

    def __init__(self, nodes: Collection[NodeId], event: Event) -> None:
        self._waiting_for = set(nodes)
        self._closed: dict[NodeId, int] = {}
        self._event = event

    def expect_from(self, nodes: Collection[NodeId]) -> None:
        """These have to answer as well."""
        self._waiting_for.update(set(nodes) - self._closed.keys())

    def answer(self, node: NodeId, closed: int) -> None:
        """`node` has applied it; an answer that nobody waits for changes nothing."""
        if node in self._waiting_for:
            self._waiting_for.remove(node)
            self._closed[node] = closed
            if not self._waiting_for:
                self._event.set()

    async def wait(self, host: Host, deadline: float) -> Receipt:
        """Return when all have answered, or with what there is after `deadline` seconds."""
        cancel = host.call_later(deadline, self._event.set)
        try:
            await self._event.wait()
        finally:
            cancel()
        return Receipt(dict(self._closed), frozenset(self._waiting_for))


class Receipts:
    """The revocations of one node that somebody waits for, by their sequence number."""

    def __init__(self) -> None:
        self._pending: dict[int, PendingReceipt] = {}

    def expect(self, seq: int, nodes: Collection[NodeId], event: Event) -> PendingReceipt:
        """Begin to collect the answers to revocation `seq`; end it with `forget`."""
        self._pending[seq] = PendingReceipt(nodes, event)
        return self._pending[seq]

    def expect_from(self, seq: int, nodes: Collection[NodeId]) -> None:
        """`nodes` were alive as well when revocation `seq` came into the log."""
        if seq in self._pending:
            self._pending[seq].expect_from(nodes)

    def forget(self, seq: int) -> None:
        """Nobody waits for `seq` any more; idempotent."""
        self._pending.pop(seq, None)

    def answer(self, seq: int, node: NodeId, closed: int) -> None:
        """`node` has applied revocation `seq`."""
        if seq in self._pending:
            self._pending[seq].answer(node, closed)
