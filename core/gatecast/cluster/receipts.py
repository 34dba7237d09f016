"""Receipts: which nodes have applied a revocation, and how many connections each closed (CLU-6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gatecast.cluster._envelopes import NodeId
from gatecast.ports.runtime import Event, Runtime

__all__ = ["PendingReceipt", "PendingReceipts", "Receipt"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of one revocation on the nodes that were alive when it was published."""

    closed: Mapping[NodeId, int]
    """How many connections each node closed, as far as is known."""

    unanswered: frozenset[NodeId]
    """The nodes that did not answer in time. A node that does not follow the log fences itself
    within its lease (CLU-3)."""

    @property
    def complete(self) -> bool:
        """Whether every live node has applied it.

        Live are those whose heartbeats were read within two leases. A node whose heartbeats the log
        has lost is not known here; the lease bounds it too.
        """
        return not self.unanswered

    @property
    def total(self) -> int:
        """How many connections were closed, as far as is known."""
        return sum(self.closed.values())

    def with_closed(self, node: NodeId, closed: int) -> Receipt:
        """This receipt, plus what `node` closed before the revocation was published."""
        counts = {**self.closed, node: self.closed.get(node, 0) + closed}
        return Receipt(counts, self.unanswered)


class PendingReceipt:
    """The answers to one revocation, as they arrive."""

    def __init__(self, nodes: Collection[NodeId], event: Event) -> None:
        self._waiting_for = set(nodes)
        self._closed: dict[NodeId, int] = {}
        self._event = event

    def expect_from(self, nodes: Collection[NodeId]) -> None:
        """Wait for these nodes as well."""
        self._waiting_for.update(set(nodes) - self._closed.keys())

    def answer(self, node: NodeId, closed: int) -> None:
        """Note the answer of `node`; an unexpected answer changes nothing."""
        if node in self._waiting_for:
            self._waiting_for.remove(node)
            self._closed[node] = closed
            if not self._waiting_for:
                self._event.set()

    async def wait(self, runtime: Runtime, deadline: float) -> Receipt:
        """Return when all have answered, or after `deadline` seconds with the answers so far."""
        cancel = runtime.call_later(deadline, self._event.set)
        try:
            await self._event.wait()
        finally:
            cancel()
        return Receipt(dict(self._closed), frozenset(self._waiting_for))


class PendingReceipts:
    """The revocations of one node that a caller waits for, by sequence number."""

    def __init__(self) -> None:
        self._pending: dict[int, PendingReceipt] = {}

    def expect(self, seq: int, nodes: Collection[NodeId], event: Event) -> PendingReceipt:
        """Begin to collect the answers to revocation `seq`; end with `forget`."""
        self._pending[seq] = PendingReceipt(nodes, event)
        return self._pending[seq]

    def expect_from(self, seq: int, nodes: Collection[NodeId]) -> None:
        """Note that `nodes` were also alive when revocation `seq` was published."""
        if seq in self._pending:
            self._pending[seq].expect_from(nodes)

    def forget(self, seq: int) -> None:
        """Stop collecting answers to `seq`; idempotent."""
        self._pending.pop(seq, None)

    def answer(self, seq: int, node: NodeId, closed: int) -> None:
        """Note that `node` has applied revocation `seq`."""
        if seq in self._pending:
            self._pending[seq].answer(node, closed)
