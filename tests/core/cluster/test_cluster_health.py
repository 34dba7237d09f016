"""What a node says of itself, which is for load balancers and alarms."""

from gatecast.cluster._node import NodeState
from gatecast.cluster.cluster import ClusterHealth
from gatecast.errors import RelayUnavailableError
from tests.core.cluster.fake_cluster import FENCED, FakeCluster


def test_a_node_that_has_not_joined_is_unhealthy_and_has_no_age() -> None:
    nodes = FakeCluster()
    node = nodes.node()
    assert node.cluster.health() == ClusterHealth(NodeState.FENCED, None, frozenset({node.id}))
    assert not node.cluster.health().is_healthy
    nodes.settle()
    assert node.cluster.health().is_healthy


def test_the_age_is_for_how_long_a_revocation_may_have_gone_unnoticed() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    assert node.cluster.health().age == 0
    nodes.world.pass_time(4)
    assert node.cluster.health().age == 4
    nodes.settle()
    assert node.cluster.health().age == 0


def test_a_node_that_has_lost_the_relay_is_unhealthy_until_it_has_caught_up() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    node.relay.broken = RelayUnavailableError("cut")
    nodes.settle()
    assert node.cluster.health().state is NodeState.CATCHING_UP
    node.relay.broken = None
    nodes.pass_time(3)
    assert node.cluster.health().is_healthy


def test_a_node_whose_lease_has_ended_says_so_before_its_timer_has_rung() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    nodes.world.now += 10
    assert node.cluster.health().state is NodeState.FENCED


def test_asking_changes_nothing_and_any_thread_may_do_it() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    nodes.world.now += 10
    nodes.world.thread = 2
    assert not node.cluster.health().is_healthy
    nodes.world.thread = 1
    assert handle.closes == []
    nodes.world.pass_time(0)
    assert handle.closes == [FENCED]


def test_the_live_nodes_are_those_whose_beats_were_read_lately() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    nodes.pass_time(3)
    assert here.cluster.health().live_nodes == {here.id, there.id}
    nodes.nodes.remove(there)
    nodes.pass_time(17)
    assert there.id in here.cluster.health().live_nodes
    nodes.pass_time(4)
    assert here.cluster.health().live_nodes == {here.id}


def test_a_node_that_follows_again_on_another_event_loop_is_fenced_by_a_timer_of_that() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    node.running.close()
    # The event loop, and with it what was to be called, is gone.
    nodes.world.timers.clear()
    nodes.world.pass_time(1)
    node.running = node.cluster.run()
    nodes.pass_time(3)
    handle = node.connect()
    nodes.world.pass_time(10)
    assert handle.closes == [FENCED]
