"""A receipt says what each node did with one revocation (CLU-6)."""

from collections.abc import Coroutine

import pytest

from gatecast.cluster._envelopes import NodeId
from gatecast.cluster.receipts import Receipt
from gatecast.connections.guard import AuditEvent, AuditEventType
from gatecast.errors import RelayUnavailableError, RevocationNotDurableError
from gatecast.identity.index import ACCOUNT
from tests.core.cluster.fake_cluster import REVOKED, FakeCluster, FakeNode
from tests.core.fakes import ALICE, BOB, daemon, run, step

Waiting = Coroutine[object, None, Receipt]


def pending_in(node: FakeNode) -> dict[int, object]:
    """What the node holds for the sake of receipts."""
    pending: dict[int, object] = vars(node.node.receipts)["_pending"]
    return pending


def receipt_of(nodes: FakeCluster, waiting: Waiting, *, seconds: float = 12) -> Receipt:
    """Let all nodes go on until there is a receipt."""
    for _ in range(100):
        try:
            waiting.send(None)
        except StopIteration as stop:
            receipt: Receipt = stop.value
            return receipt
        nodes.pass_time(seconds / 100)
    raise AssertionError("there is no receipt")


def three() -> tuple[FakeCluster, FakeNode, FakeNode, FakeNode]:
    """Nodes that know each other."""
    nodes = FakeCluster()
    joined = (nodes.joined(), nodes.joined(), nodes.joined())
    nodes.pass_time(3)
    return (nodes, *joined)


def test_all_nodes_say_how_many_they_closed() -> None:
    nodes, here, there, idle = three()
    handles = [here.connect(), there.connect(), there.connect()]
    receipt = receipt_of(nodes, here.cluster.revoke_and_wait(ACCOUNT, ALICE))
    assert receipt.closed == {here.id: 1, there.id: 2, idle.id: 0}
    assert (receipt.total, receipt.complete, receipt.unanswered) == (3, True, frozenset())
    assert [handle.closes for handle in handles] == [[REVOKED]] * 3


def test_it_does_not_wait_for_the_next_beat_that_is_due() -> None:
    nodes, here, *_ = three()
    began = nodes.world.now
    waiting = here.cluster.revoke_and_wait(ACCOUNT, ALICE)
    step(waiting)
    nodes.settle()
    assert not step(waiting)
    assert nodes.world.now == began


def test_an_audit_event_has_a_receipt_as_well() -> None:
    nodes, here, there, idle = three()
    there.connect()
    event = AuditEvent(
        event_type=AuditEventType.PASSWORD_CHANGED, outcome="success", account_id=ALICE
    )
    receipt = receipt_of(nodes, here.cluster.revoke_by_event_and_wait(event))
    assert receipt.closed == {here.id: 0, there.id: 1, idle.id: 0}


def test_an_audit_event_that_failed_has_an_empty_receipt() -> None:
    _, here, *_ = three()
    event = AuditEvent(event_type=AuditEventType.LOGOUT, outcome="failure", account_id=ALICE)
    receipt = run(here.cluster.revoke_by_event_and_wait(event))
    assert (receipt.closed, receipt.complete, receipt.total) == ({}, True, 0)


@pytest.mark.parametrize("deadline", [None, 4.0])
def test_a_silent_node_is_named_after_the_deadline(deadline: float | None) -> None:
    nodes, here, there, silent = three()
    nodes.nodes.remove(silent)
    began = nodes.world.now
    receipt = receipt_of(
        nodes, here.cluster.revoke_and_wait(ACCOUNT, BOB, deadline=deadline), seconds=14
    )
    assert nodes.world.now - began == pytest.approx(deadline or 10, abs=0.2)
    assert receipt.closed == {here.id: 0, there.id: 0}
    assert (set(receipt.unanswered), receipt.complete) == ({silent.id}, False)


def test_an_answer_that_did_not_get_into_the_log_is_given_again() -> None:
    nodes, here, there, _ = three()
    there.connect()
    there.relay.read_only = True
    waiting = here.cluster.revoke_and_wait(ACCOUNT, ALICE)
    step(waiting)
    nodes.pass_time(1)
    there.relay.read_only = False
    assert receipt_of(nodes, waiting).closed[there.id] == 1


def test_answers_that_never_get_into_the_log_are_bounded() -> None:
    nodes, here, there, _ = three()
    there.relay.read_only = True
    for _ in range(1100):
        step(here.cluster.revoke_and_wait(ACCOUNT, BOB))
    nodes.pass_time(1)
    assert len(there.node.heartbeat().acknowledged) == 1000


def test_a_node_that_knows_nobody_yet_waits_for_those_that_it_finds_in_the_log() -> None:
    nodes, _, there, idle = three()
    new = nodes.node()
    waiting = new.cluster.revoke_and_wait(ACCOUNT, ALICE)
    step(waiting)
    nodes.nodes.remove(there)
    receipt = receipt_of(nodes, waiting)
    assert there.id in receipt.unanswered
    assert {new.id, idle.id} <= receipt.closed.keys()


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    nodes, here, there, _ = three()
    waiting = here.cluster.revoke_and_wait(ACCOUNT, BOB)
    step(waiting)
    (seq,) = pending_in(here)
    receipts = here.node.receipts
    receipts.answer(seq + 1, there.id, 5)
    receipts.answer(seq, NodeId("stranger"), 5)
    receipts.expect_from(seq + 1, [there.id])
    receipt = receipt_of(nodes, waiting)
    receipts.answer(seq, there.id, 5)
    assert receipt.total == 0


def test_nothing_is_left_of_a_receipt_that_was_given() -> None:
    nodes, here, *_ = three()
    before = len(nodes.world.timers)
    receipt_of(nodes, here.cluster.revoke_and_wait(ACCOUNT, BOB))
    assert pending_in(here) == {}
    assert len(nodes.world.timers) == before


def test_nothing_is_left_of_a_receipt_that_was_given_up() -> None:
    nodes, here, *_ = three()
    before = len(nodes.world.timers)
    waiting = here.cluster.revoke_and_wait(ACCOUNT, BOB)
    step(waiting)
    assert len(pending_in(here)) == 1
    waiting.close()
    assert pending_in(here) == {}
    assert len(nodes.world.timers) == before
    nodes.settle()
    assert here.cluster.health().is_healthy


def test_nothing_is_left_of_a_receipt_for_what_could_not_be_published() -> None:
    _, here, *_ = three()
    handle = here.connect(daemon())
    here.relay.broken = RelayUnavailableError("refused")
    with pytest.raises(RevocationNotDurableError):
        run(here.cluster.revoke_and_wait(ACCOUNT, ALICE))
    assert handle.closes == [REVOKED]
    assert pending_in(here) == {}
