"""Several nodes over one log, each of them stepped by hand."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from itertools import count
from uuid import UUID

from typing_extensions import TypedDict, Unpack

from gatecast.cluster._envelopes import NodeId
from gatecast.cluster._node import Node
from gatecast.cluster.cluster import Cluster
from gatecast.cluster.policies import Policies
from gatecast.connections.guard import AuditEvent
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import RelayGapError, RelayUnavailableError
from gatecast.identity.index import AnyIndex
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import (
    ClusterReport,
    ClusterReportKind,
)
from gatecast.ports.relay import Position, RelayBatch
from tests.core.fakes import FakeHandle, SharedWorld, World, checkpoint, session, step

FENCED = (1012, "Cut off from the cluster")
REVOKED = (4001, "Session revoked")

RETRY = 0.25
"""Seconds between two attempts of a node with the default lease: a fortieth of it."""


class FakeLog:
    """The entries that all nodes read; a test may take some away or write its own."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.trimmed = 0

    def trim(self) -> None:
        """Forget everything that is in the log now."""
        self.trimmed = len(self.entries)


class FakeRelay:
    """One node's way to the log. While `broken`, nothing comes through."""

    def __init__(self, log: FakeLog, world: World) -> None:
        self._log = log
        self._world = world
        self.broken: Exception | None = None
        self.read_only = False
        self.held = False
        self._held: list[bytes] = []

    async def publish(self, entry: bytes) -> None:
        self._check()
        if self.read_only:
            raise RelayUnavailableError("read only")
        self._held.append(entry)
        while self.held:
            await checkpoint()
        self.release()

    def release(self) -> None:
        """Let what was published get into the log."""
        self.held = False
        self._log.entries.extend(self._held)
        self._held.clear()

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        self._check()
        start = self._log.trimmed if after is None else int(after)
        if start < self._log.trimmed:
            raise RelayGapError(str(after))
        until = self._world.now + wait
        while start == len(self._log.entries) and self._world.now < until:
            await checkpoint()
            self._check()
        entries = tuple(self._log.entries[start:])
        return RelayBatch(entries, Position(str(start + len(entries))))

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken


class ClusterOptions(TypedDict, total=False):
    lease: float
    policies: Policies[ConnectionIdentity] | None
    indexes: tuple[AnyIndex[ConnectionIdentity], ...]
    guard: Callable[[AuditEvent], int] | None
    on_report: Callable[[ClusterReport], object]


class NodeOptions(ClusterOptions, total=False):
    transport_indexes: tuple[AnyIndex[ConnectionIdentity], ...]


class FakeNode:
    """One process: a transport, a cluster over it, and the coroutine that follows the log."""

    def __init__(
        self,
        log: FakeLog,
        world: World,
        number: int,
        transport_indexes: tuple[AnyIndex[ConnectionIdentity], ...] = (),
        **options: Unpack[ClusterOptions],
    ) -> None:
        self.log = log
        self.relay = FakeRelay(log, world)
        self.transport: ConnectionTransport[FakeHandle, ConnectionIdentity] = world.transport(
            indexes=transport_indexes
        )
        self.reports: list[ClusterReport] = []
        options.setdefault("on_report", self.reports.append)
        self.cluster = Cluster(
            self.relay,
            self.transport,
            runtime=world.runtime,
            new_id=lambda: UUID(int=number),
            **options,
        )
        self.running: Coroutine[object, None, object] = self.cluster.run()

    @property
    def id(self) -> NodeId:
        return self.cluster.node_id

    @property
    def node(self) -> Node[ConnectionIdentity]:
        """What the cluster is built around."""
        node: Node[ConnectionIdentity] = vars(self.cluster)["_node"]
        return node

    @property
    def kinds(self) -> list[ClusterReportKind]:
        """Of what has been reported."""
        return [report.kind for report in self.reports]

    def connect(self, identity: ConnectionIdentity | None = None) -> FakeHandle:
        handle = FakeHandle()
        self.transport.add_connection(handle, identity or session("s"))
        return handle


class FakeCluster:
    """Nodes of one log in one world."""

    def __init__(self) -> None:
        self.world = SharedWorld()
        self.log = FakeLog()
        self.nodes: list[FakeNode] = []
        self._numbers = count(1)

    def node(self, **options: Unpack[NodeOptions]) -> FakeNode:
        """A node that has not begun to follow."""
        node = FakeNode(self.log, self.world, next(self._numbers), **options)
        self.nodes.append(node)
        return node

    def joined(self, **options: Unpack[NodeOptions]) -> FakeNode:
        """A node that has caught up."""
        node = self.node(**options)
        self.settle()
        return node

    def settle(self) -> None:
        """Let all nodes read and write until none has anything left to do."""
        # One step for each entry that a node may have to read, and some to write and to wait.
        for _ in range(20 + len(self.log.entries)):
            for node in self.nodes:
                step(node.running)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in small steps, and all nodes do what they do meanwhile."""
        for _ in range(10):
            self.world.pass_time(seconds / 10)
            self.settle()
