"""Whatever fails, and whenever, the promises of a cluster hold (CLU-1 to CLU-7)."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from gatecast.identity.ids import AccountId
from gatecast.identity.types import ConnectionIdentity
from tests.core.cluster.simulated_cluster import IDENTITIES, SimulatedCluster
from tests.core.cluster.simulated_node import SimulatedNode
from tests.core.fakes import ALICE, BOB
from tests.core.state_machines import CountingMachine, run_at_length, run_briefly

NODES = 3

numbers = st.integers(0, NODES - 1)
accounts = st.sampled_from([ALICE, BOB])
# A receipt takes for dead who was silent for two leases, so no clock runs twice as fast as another.
clocks = st.tuples(st.sampled_from([0.0, 1000.0]), st.sampled_from([0.8, 1.0, 1.25]))
instants = st.sampled_from([0.01, 0.5, 1.0, 2.6, 5.0, 9.0, 11.0, 25.0])
turns = st.sampled_from([0, 1, 4, 20])
disasters = st.one_of(
    st.tuples(st.just("restart"), numbers),
    st.tuples(st.just("trim"), st.integers(0, 5)),
    st.tuples(st.just("lose"), st.sampled_from([1, 2, 3, 1000])),
)


class Schedule(CountingMachine):
    """What may happen to nodes, and to the log between them, in any order."""

    @initialize(
        clocks=st.lists(clocks, min_size=NODES, max_size=NODES),
        most=st.sampled_from([1, 3]),
        joined=st.booleans(),
    )
    def begin(self, clocks: list[tuple[float, float]], most: int, joined: bool) -> None:
        self.cluster = SimulatedCluster(clocks, most)
        if joined:
            self.cluster.pass_time(3, turns=4)

    def woken(self, number: int) -> SimulatedNode:
        """A node that is about to do something, so it is not paused any more."""
        node = self.cluster.nodes[number]
        node.is_paused = False
        return node

    # What apps do

    @rule(number=numbers, identity=st.sampled_from(IDENTITIES))
    def connect(self, number: int, identity: ConnectionIdentity) -> None:
        node = self.woken(number)
        self.cluster.connect(node, identity, node.admissions.pop(0) if node.admissions else None)

    @rule(number=numbers)
    def admit(self, number: int) -> None:
        self.cluster.admit(self.woken(number))

    @rule(number=numbers, account=accounts, wait=st.booleans())
    def revoke(self, number: int, account: AccountId, wait: bool) -> None:
        self.cluster.revoke(self.woken(number), account, wait=wait)

    @rule(number=numbers, hidden_from=st.none() | accounts)
    def broadcast(self, number: int, hidden_from: AccountId | None) -> None:
        node = self.woken(number)
        node.start(self.cluster.broadcast(node, hidden_from))

    # What happens by itself

    @rule(seconds=instants, turns=turns)
    def pass_time(self, seconds: float, turns: int) -> None:
        self.cluster.pass_time(seconds, turns)

    @rule(number=numbers, turns=st.integers(1, 8))
    def run(self, number: int, turns: int) -> None:
        self.cluster.nodes[number].run(turns)

    # What fails

    @rule(number=numbers)
    def pause(self, number: int) -> None:
        self.cluster.nodes[number].is_paused = True

    @rule(number=numbers)
    def trip(self, number: int) -> None:
        self.cluster.nodes[number].clock.trips = True

    @rule(number=numbers, cut=st.sampled_from(["mute", "deaf", "both"]))
    def cut(self, number: int, cut: str) -> None:
        relay = self.cluster.nodes[number].relay
        relay.mute, relay.deaf = cut != "deaf", cut != "mute"

    @rule(number=numbers)
    def mend(self, number: int) -> None:
        node = self.woken(number)
        node.relay.mute = node.relay.deaf = False

    @rule(repeated=st.integers(1, 4))
    def write_again(self, repeated: int) -> None:
        if self.cluster.log.late:
            self.cluster.log.arrive_late()
        else:
            self.cluster.log.repeat(repeated)

    @rule(disaster=disasters)
    def meet(self, disaster: tuple[str, int]) -> None:
        match disaster:
            case "restart", number:
                self.cluster.restart(number)
            case "trim", kept:
                self.cluster.log.trim(kept)
            case _, entries:
                self.cluster.lose(entries)

    @invariant()
    def the_promises_hold(self) -> None:
        type(self).steps += 1
        self.cluster.check()

    def teardown(self) -> None:
        self.cluster.settle()
        self.cluster.stop()


def test_the_promises_of_a_cluster_hold_whatever_fails() -> None:
    run_briefly(Schedule, examples=80)


@pytest.mark.long
def test_the_promises_of_a_cluster_hold_for_a_hundred_thousand_steps() -> None:
    run_at_length(Schedule)
