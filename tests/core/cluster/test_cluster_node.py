"""What one node makes of the entries that it reads, whoever wrote them."""

import logging
from typing import Literal

import pytest

from gatecast.cluster._envelopes import (
    Broadcast,
    Heartbeat,
    KeyRevocation,
    NodeId,
    ToAll,
    ToKey,
    ToPolicy,
    ToRecipients,
    encode,
)
from gatecast.cluster._live_nodes import LiveNodes
from gatecast.cluster._node import NodeState
from gatecast.cluster.reports import log_report
from gatecast.connections.guard import AuditEvent, AuditEventType
from gatecast.errors import FencedError, RelayUnavailableError
from gatecast.messages.frame import Frame
from gatecast.ports.observer import (
    ClusterReport,
    ClusterReportKind,
)
from tests.core.cluster.fake_cluster import FENCED, RETRY, REVOKED, FakeCluster, FakeNode
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, daemon, note, run, session

STRANGER = NodeId("stranger")
LOGOUT = AuditEvent(event_type=AuditEventType.LOGOUT, outcome="success", account_id=ALICE)


def broadcast(
    seq: int, recipients: ToRecipients | None = None, message: str | None = None
) -> bytes:
    text = Frame(note(seq)).text if message is None else message
    return encode(Broadcast(node=STRANGER, seq=seq, message=text, recipients=recipients or ToAll()))


def revocation(seq: int = 1, index: str = "account", key: str = str(ALICE)) -> bytes:
    return encode(
        KeyRevocation(
            node=STRANGER,
            seq=seq,
            index=index,
            key=key,
            code=4001,
            reason="Session revoked",
            acknowledge=False,
        )
    )


def running() -> tuple[FakeCluster, FakeNode, FakeHandle]:
    nodes = FakeCluster()
    node = nodes.joined()
    return nodes, node, node.connect()


def cut_off(node: FakeNode) -> None:
    node.relay.broken = RelayUnavailableError("cut")


def read(nodes: FakeCluster, *entries: bytes) -> None:
    nodes.log.entries.extend(entries)
    nodes.settle()
    # A node that can't write reads on between its attempts.
    nodes.world.pass_time(RETRY)
    nodes.settle()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(b"\xff", id="no JSON"),
        pytest.param(b'{"v":2,"kind":"beat"}', id="another version"),
        pytest.param(b'{"v":1,"kind":[]}', id="no kind"),
        pytest.param(b'{"v":1,"kind":"revoke"}', id="members missing"),
        pytest.param(revocation(index="unknown"), id="unknown index"),
        pytest.param(revocation(key="no UUID"), id="no key"),
    ],
)
def test_what_may_have_been_a_revocation_fences_the_node_which_joins_anew(entry: bytes) -> None:
    nodes, node, handle = running()
    read(nodes, entry)
    assert handle.closes == [FENCED]
    assert node.kinds[-1] is ClusterReportKind.FENCED
    nodes.pass_time(3)
    assert node.connect().closes == []


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(b'{"v":1,"kind":"broadcast"}', id="members missing"),
        pytest.param(b'{"v":1,"kind":"beat","node":"n"}', id="a beat without a number"),
        pytest.param(broadcast(1, message="not JSON"), id="no message"),
        pytest.param(broadcast(1, ToPolicy(policy="other", arguments={})), id="unknown policy"),
        pytest.param(broadcast(1, ToKey(index="other", key=1)), id="unknown index"),
        pytest.param(broadcast(1, ToKey(index="account", key="no UUID")), id="no key"),
    ],
)
def test_what_was_no_revocation_is_skipped_and_reported(entry: bytes) -> None:
    nodes, node, handle = running()
    read(nodes, entry, broadcast(2))
    assert (handle.numbers, handle.closes) == ([2], [])
    assert node.kinds == [ClusterReportKind.FOLLOWING, ClusterReportKind.SKIPPED]


def test_a_revocation_that_fails_on_a_node_fences_it() -> None:
    def guard(event: AuditEvent) -> int:
        raise OSError("the guard's own database is away")

    nodes = FakeCluster()
    here, there = nodes.joined(), nodes.joined(guard=guard)
    handle = there.connect()
    run(here.cluster.revoke_by_event(LOGOUT))
    nodes.settle()
    assert handle.closes == [FENCED]


def test_a_revocation_that_could_not_be_applied_is_read_again_and_nothing_is_skipped() -> None:
    nodes, node, handle = running()
    # As if the connections were served by another thread than the one that reads.
    nodes.world.thread = 2
    read(nodes, revocation())
    assert handle.closes == []
    assert not node.cluster.health().is_healthy
    nodes.world.thread = 1
    nodes.pass_time(3)
    assert handle.closes != []


@pytest.mark.parametrize("state", ["following", "catching up"])
def test_a_repeated_revocation_closes_what_came_since(
    state: Literal["following", "catching up"],
) -> None:
    nodes, node, handle = running()
    read(nodes, revocation(seq=1))
    since = node.connect()
    if state == "catching up":
        cut_off(node)
        nodes.settle()
        node.relay.broken = None
    read(nodes, broadcast(5), revocation(seq=1))
    assert [handle.closes, since.closes] == [[REVOKED], [REVOKED]]


def test_an_entry_with_an_earlier_number_is_late_and_not_delivered() -> None:
    nodes, _, handle = running()
    read(nodes, broadcast(2), broadcast(1), broadcast(2), broadcast(3))
    assert handle.numbers == [2, 3]


def test_broadcasts_wait_while_the_node_catches_up_and_revocations_do_not() -> None:
    nodes, node, handle = running()
    stays = node.connect(daemon(BOB))
    node.relay.read_only = True
    nodes.pass_time(3)
    read(nodes, broadcast(1), revocation(seq=2), broadcast(3))
    assert node.cluster.health().state is NodeState.CATCHING_UP
    assert (handle.closes, stays.numbers) == ([REVOKED], [])
    node.relay.read_only = False
    nodes.pass_time(3)
    assert (handle.numbers, stays.numbers) == ([], [1, 3])


def test_a_node_that_is_too_many_broadcasts_behind_is_fenced() -> None:
    nodes, node, handle = running()
    node.relay.read_only = True
    nodes.pass_time(3)
    read(nodes, *(broadcast(seq) for seq in range(1, 10_001)))
    assert handle.closes == []
    read(nodes, broadcast(10_001))
    assert handle.closes == [FENCED]
    node.relay.read_only = False
    nodes.pass_time(3)
    assert handle.numbers == []


def test_while_a_node_is_fenced_nothing_waits_for_it() -> None:
    nodes, node, _ = running()
    node.relay.read_only = True
    nodes.pass_time(11)
    read(nodes, *(broadcast(seq) for seq in range(1, 5)), revocation(seq=6, index="unknown"))
    node.relay.read_only = False
    nodes.pass_time(3)
    handle = node.connect()
    read(nodes, broadcast(7))
    assert handle.numbers == [7]


def test_what_a_node_remembers_of_publishers_is_bounded() -> None:
    nodes, node, _ = running()
    strangers = (encode(Heartbeat(node=NodeId(f"life-{life}"), seq=1)) for life in range(10_500))
    read(nodes, *strangers)
    others: LiveNodes = vars(node.node)["_others"]
    state = vars(others)
    assert len(state["_last_of"]) == 10_000
    nodes.pass_time(30)
    assert len(state["_heard"]) == 1
    assert node.cluster.health().live_nodes == {node.id}


def test_a_report_that_raises_changes_nothing() -> None:
    def refuse(report: ClusterReport) -> None:
        raise OSError("the pager is away")

    nodes = FakeCluster()
    node = nodes.joined(on_report=refuse)
    handle = node.connect()
    read(nodes, b"\xff")
    assert handle.closes == [FENCED]
    nodes.pass_time(3)
    node.connect()


def test_connections_are_closed_before_anybody_is_told_that_the_node_is_fenced() -> None:
    closes: list[object] = []
    nodes = FakeCluster()
    node = nodes.joined(on_report=lambda report: closes.extend(handle.closes))
    handle = node.connect()
    read(nodes, b"\xff")
    assert closes == [FENCED]


def test_a_close_that_calls_back_finds_the_node_fenced() -> None:
    nodes, node, _ = running()
    seen: list[object] = []

    def call_back() -> None:
        seen.append((node.cluster.health().state, node.transport.broadcast(HELLO)))
        with pytest.raises(FencedError):
            node.connect()

    handle = FakeHandle(on_close=call_back)
    node.transport.add_connection(handle, session("s"))
    read(nodes, b"\xff")
    assert seen == [(NodeState.FENCED, 0)]


def test_a_report_that_asks_for_the_health_finds_what_it_is_told() -> None:
    nodes = FakeCluster()
    seen: list[tuple[str, str]] = []
    node = nodes.node(
        on_report=lambda report: seen.append((report.kind, node.cluster.health().state))
    )
    nodes.settle()
    cut_off(node)
    nodes.pass_time(11)
    assert seen == [(kind, kind) for kind in ("following", "catching_up", "fenced")]


def test_reports_are_logged_if_nobody_asks_for_them(caplog: pytest.LogCaptureFixture) -> None:
    # Joining is reported as well, at a level that an app in this process may have turned on.
    caplog.set_level(logging.WARNING, logger="gatecast")
    nodes = FakeCluster()
    node = nodes.joined(on_report=log_report)
    read(nodes, b"\xff")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cluster node fenced: an entry that may have been a revocation" in caplog.text
    assert not node.cluster.health().is_healthy
