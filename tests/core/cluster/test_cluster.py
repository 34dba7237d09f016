"""A cluster whose nodes are stepped by hand, over a log and a clock that only the test moves."""

import pytest

from gatecast.cluster._envelopes import encode
from gatecast.cluster._node import NodeState
from gatecast.errors import (
    FencedError,
    RelayGapError,
    RelayUnavailableError,
    RevocationNotDurableError,
)
from gatecast.ports.observer import ClusterReportKind
from tests.core.cluster.fake_cluster import FENCED, RETRY, REVOKED, FakeCluster
from tests.core.fakes import ALICE, BOB, FakeHandle, daemon, note, run, session, step


def test_a_node_admits_nobody_before_it_has_caught_up() -> None:
    nodes = FakeCluster()
    node = nodes.node()
    with pytest.raises(FencedError):
        node.connect()
    nodes.settle()
    node.connect()
    assert node.cluster.health().is_healthy
    assert node.kinds == [ClusterReportKind.FOLLOWING]


def test_a_revocation_closes_on_every_node_and_counts_those_here() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    handles = [here.connect(), here.connect(), there.connect()]
    stays = there.connect(daemon(BOB))
    assert run(here.cluster.close_sockets_for_account(ALICE)) == 2
    nodes.settle()
    assert [handle.closes for handle in handles] == [[REVOKED]] * 3
    assert stays.closes == []


def test_a_revocation_closes_here_although_the_relay_is_broken_and_says_so() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    node.relay.broken = RelayUnavailableError("refused")
    with pytest.raises(RevocationNotDurableError) as caught:
        run(node.cluster.close_sockets_for_account(ALICE))
    assert handle.closes == [REVOKED]
    assert caught.value.closed == 1


def test_a_broadcast_reaches_every_node_in_one_order() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    handles = [here.connect(), there.connect()]
    for number in range(3):
        run((here if number % 2 else there).cluster.broadcast(note(number)))
    nodes.settle()
    assert [handle.numbers for handle in handles] == [[0, 1, 2]] * 2


def test_an_account_is_sent_to_on_every_node() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    alice, bob = there.connect(), there.connect(daemon(BOB))
    run(here.cluster.send_to_account(ALICE, note(1)))
    nodes.settle()
    assert (alice.numbers, bob.numbers) == ([1], [])


def test_a_node_that_lost_the_relay_admits_nobody_and_delivers_nothing_until_it_caught_up() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    stays, goes = there.connect(daemon(BOB)), there.connect()
    there.relay.broken = RelayUnavailableError("reset")
    nodes.settle()
    assert there.cluster.health().state is NodeState.CATCHING_UP
    with pytest.raises(FencedError):
        there.connect()
    run(here.cluster.broadcast(note(1)))
    run(here.cluster.close_sockets_for_account(ALICE))
    there.relay.broken = None
    nodes.pass_time(3)
    assert there.cluster.health().is_healthy
    assert (stays.numbers, goes.numbers, goes.closes) == ([1], [], [REVOKED])
    assert stays.closes == []
    there.connect()


def test_a_node_that_finds_the_relay_again_goes_on_at_once() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    node.relay.broken = RelayUnavailableError("reset")
    nodes.settle()
    node.relay.broken = None
    nodes.world.pass_time(RETRY)
    nodes.settle()
    assert node.cluster.health().is_healthy


def test_a_beat_from_before_the_loss_does_not_show_that_a_node_has_caught_up() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    nodes.log.entries.append(encode(node.node.heartbeat()))
    node.node.link_lost("reset")
    nodes.settle()
    assert node.cluster.health().state is NodeState.CATCHING_UP
    nodes.pass_time(3)
    assert node.cluster.health().is_healthy


def test_a_node_without_the_relay_closes_everything_when_its_lease_ends() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    node.relay.broken = RelayUnavailableError("refused")
    nodes.settle()
    nodes.world.pass_time(10 - (node.cluster.health().age or 0) - 0.1)
    assert handle.closes == []
    nodes.world.pass_time(0.1)
    assert handle.closes == [FENCED]
    assert node.cluster.health().state is NodeState.FENCED
    node.relay.broken = None
    nodes.pass_time(3)
    node.connect()


def test_a_node_that_can_read_but_not_write_is_fenced_as_well() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    node.relay.read_only = True
    nodes.pass_time(10)
    assert handle.closes == [FENCED]


def test_a_read_only_node_still_applies_the_revocations_that_it_reads() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    handle = there.connect()
    there.relay.read_only = True
    nodes.pass_time(3)
    run(here.cluster.close_sockets_for_account(ALICE))
    nodes.pass_time(1)
    assert handle.closes == [REVOKED]


def test_a_paused_node_sends_nothing_more_when_it_goes_on_after_its_lease() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    # As after SIGSTOP and SIGCONT: time has passed, and no timer has rung yet.
    nodes.world.now += 11
    node.transport.broadcast(note(1))
    assert (handle.numbers, handle.closes) == ([], [FENCED])


def test_a_gap_in_the_log_closes_everything_and_the_node_joins_anew() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    handle = there.connect()
    there.relay.broken = RelayUnavailableError("reset")
    nodes.settle()
    run(here.cluster.close_sockets_for_account(BOB))
    nodes.log.trim()
    there.relay.broken = None
    nodes.pass_time(1)
    assert handle.closes == [FENCED]
    nodes.pass_time(3)
    assert there.cluster.health().is_healthy
    there.connect()


def test_a_node_that_finds_a_gap_again_and_again_reports_it_once() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    for gap in ("5", "5", "6"):
        node.relay.broken = RelayGapError(gap)
        nodes.pass_time(1)
    details = [each.detail for each in node.reports if each.kind is ClusterReportKind.FENCED]
    assert details == [str(RelayGapError("5")), str(RelayGapError("6"))]


def test_an_admission_that_began_before_the_node_was_fenced_is_not_let_in_afterwards() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    admission = node.transport.admit()
    node.relay.broken = RelayGapError("5")
    nodes.settle()
    node.relay.broken = None
    late = node.transport.admit()
    nodes.pass_time(3)
    assert node.cluster.health().is_healthy
    for each in (admission, late):
        handle = FakeHandle()
        assert node.transport.adapter.let_in(handle, daemon(), each) is None
        assert handle.closes == [(1013, "Identification took too long")]


def test_a_revocation_on_another_node_refuses_who_is_being_admitted_here() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    admission = there.transport.admit()
    run(here.cluster.close_sockets_for_account(ALICE))
    nodes.settle()
    handle = FakeHandle()
    assert there.transport.adapter.let_in(handle, session("s"), admission) is None
    assert handle.closes == [REVOKED]


def test_a_repeated_entry_is_delivered_once() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    handle = there.connect()
    run(here.cluster.broadcast(note(1)))
    nodes.log.entries.append(nodes.log.entries[-1])
    nodes.settle()
    assert handle.numbers == [1]


def test_a_node_that_stops_following_closes_its_connections() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    node.running.close()
    assert handle.closes == [FENCED]
    with pytest.raises(FencedError):
        node.connect()


def test_a_node_that_has_left_is_not_waited_for() -> None:
    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined()
    nodes.pass_time(3)
    assert here.cluster.health().live_nodes == {here.id, there.id}
    run(there.cluster.leave())
    nodes.nodes.remove(there)
    there.running.close()
    nodes.settle()
    assert here.cluster.health().live_nodes == {here.id}


def test_other_work_goes_on_between_the_entries_of_a_backlog() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    handle = node.connect()
    for number in range(2):
        run(node.cluster.broadcast(note(number)))
    step(node.running)
    assert handle.numbers == [0]
    nodes.settle()
    assert handle.numbers == [0, 1]
