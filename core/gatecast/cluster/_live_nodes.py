"""Live nodes: what a node knows of the others. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from gatecast.cluster._envelopes import Envelope, NodeId
from gatecast.ports.runtime import Runtime

__all__ = ["LiveNodes"]

_MAX_PUBLISHERS: Final = 10_000
"""How many publishers are remembered; the one that was idle longest is forgotten first."""


class LiveNodes:
    """Which nodes are alive, and the last entry of each.

    A node is alive if a heartbeat of it was read within `seconds`, by this node's own clock.
    """

    def __init__(self, runtime: Runtime, seconds: float) -> None:
        self._clock = runtime.clock
        self._seconds = seconds
        self._heard: dict[NodeId, float] = {}
        self._last_of: OrderedDict[NodeId, int] = OrderedDict()

    def heard(self, node: NodeId) -> None:
        """Note that a heartbeat of `node` was read."""
        self._heard[node] = self._clock()

    def forget_silent(self) -> None:
        """Forget the nodes that are no longer alive."""
        self._heard = self._living()

    def left(self, node: NodeId) -> None:
        """Forget `node`, which has left."""
        self._heard.pop(node, None)

    def alive(self) -> frozenset[NodeId]:
        """All nodes that are known to be alive; works on every thread."""
        return frozenset(self._living())

    def remember(self, envelope: Envelope) -> bool:
        """Note the number of `envelope`; False if its publisher has sent it before (CLU-5)."""
        last = self._last_of.get(envelope.node, 0)
        self._last_of[envelope.node] = max(last, envelope.seq)
        self._last_of.move_to_end(envelope.node)
        if len(self._last_of) > _MAX_PUBLISHERS:
            self._last_of.popitem(last=False)
        return envelope.seq > last

    def _living(self) -> dict[NodeId, float]:
        since = self._clock() - self._seconds
        # A copy, since a health check may run on another thread.
        return {node: at for node, at in self._heard.copy().items() if at > since}
