"""One process of a cluster, whose clock, tasks and connections only a simulation moves."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from uuid import UUID

from gatecast.cluster.cluster import Cluster
from gatecast.cluster.policies import Policies
from gatecast.connections.admission import Admission
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import AccountId
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from gatecast.ports.ending import Ending
from gatecast.ports.observer import (
    ClusterReport,
    ClusterReportKind,
)
from tests.core.cluster.naive_node import LEASE, History, NaiveNode
from tests.core.cluster.simulated_log import SimulatedRelay
from tests.core.fakes import SharedWorld, checkpoint

_RESOLUTION = 1e-6

POLICIES: Policies[ConnectionIdentity] = Policies()


@POLICIES.register("not")
def everyone_but(
    identity: ConnectionIdentity, message: JsonrpcMessageFromServerToClient, account: str
) -> bool:
    return str(identity.account_id) != account


class Clock(SharedWorld):
    """A node's own clock and timers."""

    def __init__(self, offset: float, rate: float) -> None:
        super().__init__()
        self.now = offset
        self.rate = rate
        self.trips = False
        """Whether the next checkpoint raises."""
        self.checkpoints = 0
        self._rings_late = False
        self.runtime = replace(
            self.runtime,
            checkpoint=self._checkpoint,
            call_later=self._call_a_bit_later,
        )

    @property
    def is_late(self) -> bool:
        """Whether a timer is overdue, or rings only now."""
        return self._rings_late or any(instant < self.now for instant, _ in self.timers)

    def pass_time(self, seconds: float) -> None:
        """First ring what is overdue, and then everything at its time."""
        self._rings_late = self.is_late
        super().pass_time(0)
        self._rings_late = False
        super().pass_time(seconds)

    def lag(self, seconds: float) -> None:
        """Go on, and ring no timer."""
        self.now += seconds

    async def _checkpoint(self) -> None:
        self.checkpoints += 1
        await checkpoint()
        if self.trips:
            self.trips = False
            raise RuntimeError("out of memory")

    def _call_a_bit_later(
        self, seconds: float, callback: Callable[[], object]
    ) -> Callable[[], None]:
        # Less than what the clock can tell would not be later at all.
        return self._call_later(max(seconds, _RESOLUTION), callback)


@dataclass(eq=False)
class SimulatedConnection:
    """A handle that knows what it should never see."""

    node: SimulatedNode
    identity: ConnectionIdentity
    began: int
    admitted: int
    numbers: list[int] = field(default_factory=list[int])
    deadline: float = float("inf")
    is_closed: bool = False

    def send(self, frame: Frame) -> None:
        params: dict[str, int] = frame.message.model_dump()["params"]
        number = params["number"]
        history = self.node.history
        if self.is_closed:
            history.wrong.append("delivered after the close")
        self.node.naive.check_delivery(self, history.broadcasts[number - 1])
        self.numbers.append(number)

    def close(self, ending: Ending) -> None:
        self.is_closed = True


class SimulatedNode:
    """One life of one process."""

    def __init__(
        self, history: History, clock: Clock, most: int, new_id: Callable[[], UUID]
    ) -> None:
        self.history = history
        self.clock = clock
        self.naive = NaiveNode(history, self)
        self.relay = SimulatedRelay(history.log, clock.runtime.clock, self.naive, most)
        self.transport: ConnectionTransport[SimulatedConnection, ConnectionIdentity] = (
            ConnectionTransport("simulated", runtime=clock.runtime)
        )
        self.cluster = Cluster(
            self.relay,
            self.transport,
            runtime=clock.runtime,
            lease=LEASE,
            policies=POLICIES,
            new_id=new_id,
            on_report=self._on_report,
        )
        self.is_paused = False
        self.admissions: list[tuple[int, Admission[ConnectionIdentity]]] = []
        self._tasks: list[Coroutine[object, None, object]] = [self.cluster.run()]

    @property
    def now(self) -> float:
        return self.clock.now

    @property
    def is_late(self) -> bool:
        return self.clock.is_late

    @property
    def is_healthy(self) -> bool:
        return self.cluster.health().is_healthy

    @property
    def open(self) -> list[SimulatedConnection]:
        return [connection.handle for connection in self.transport.get_connections()]

    def open_of(self, account_id: AccountId) -> list[SimulatedConnection]:
        return [each for each in self.open if each.identity.account_id == account_id]

    def pass_time(self, seconds: float) -> None:
        move = self.clock.lag if self.is_paused else self.clock.pass_time
        move(seconds * self.clock.rate)

    def run(self, turns: int) -> None:
        """Let each task go on a few times, or until all wait for time to pass."""
        progress = None
        for _ in range(0 if self.is_paused else turns):
            if progress == (progress := self._progress()):
                return
            for task in list(self._tasks):
                self._step(task)

    def _progress(self) -> object:
        return self.history.log.newest, self.naive.read, self.clock.checkpoints

    def start(self, task: Coroutine[object, None, object]) -> None:
        """Begin a task, as far as it gets without waiting."""
        self._tasks.append(task)
        self._step(task)

    def stop(self) -> None:
        for task in self._tasks:
            task.close()

    def _step(self, task: Coroutine[object, None, object]) -> None:
        try:
            task.send(None)
        except StopIteration:
            self._tasks.remove(task)

    def _on_report(self, report: ClusterReport) -> None:
        if report.kind in {ClusterReportKind.FENCED, ClusterReportKind.CATCHING_UP}:
            self.naive.failed()
        elif report.kind is ClusterReportKind.FOLLOWING and not self.naive.may_admit():
            self.history.wrong.append("follows, and has not caught up")
