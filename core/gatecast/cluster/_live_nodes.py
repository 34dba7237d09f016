"""Peers: what a node has read of the others. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from gatecast.cluster._envelopes import Envelope, NodeId
from gatecast.ports.runtime import Host

__all__ = ["Peers"]

_MAX_PUBLISHERS: Final = 10_000
"""Of how many publishers it is remembered how far they got; the idlest is forgotten first."""


class Peers:
    """Which nodes are alive, and how far each of them got.

    Alive is whose beat was read within `seconds`, by this node's own clock.
    """

    def __init__(self, host: Host, seconds: float) -> None:
        self._clock = host.clock
        self._seconds = seconds
        self._heard: dict[NodeId, float] = {}
        self._last_of: OrderedDict[NodeId, int] = OrderedDict()

    def heard(self, node: NodeId) -> None:
        """A beat of `node` was read."""
        self._heard[node] = self._clock()

    def forget_silent(self) -> None:
        """Let go of those who are not alive any more."""
        self._heard = self._living()

    def left(self, node: NodeId) -> None:
        """`node` has said goodbye."""
        self._heard.pop(node, None)

    def alive(self) -> frozenset[NodeId]:
        """All that are known to be alive; may be called on any thread."""
        return frozenset(self._living())

    def remember(self, envelope: Envelope) -> bool:
        """Note how far its publisher got; False if it got there before (CLU-5)."""
        last = self._last_of.get(envelope.node, 0)
        self._last_of[envelope.node] = max(last, envelope.seq)
        self._last_of.move_to_end(envelope.node)
        if len(self._last_of) > _MAX_PUBLISHERS:
            self._last_of.popitem(last=False)
        return envelope.seq > last

    def _living(self) -> dict[NodeId, float]:
        since = self._clock() - self._seconds
        # A copy, since a health check may come from a thread of its own.
        return {node: at for node, at in self._heard.copy().items() if at > since}
