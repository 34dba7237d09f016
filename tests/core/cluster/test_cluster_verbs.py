"""Every verb of a cluster reaches every node; a bad call changes nothing and publishes nothing."""

from collections.abc import Callable, Coroutine

import pytest
from typing_extensions import TypedDict, Unpack

from gatecast.cluster._envelopes import (
    Heartbeat,
    UnreadableEntry,
    decode,
)
from gatecast.cluster.policies import Policies, PolicyCall
from gatecast.connections.guard import AuditEvent, AuditEventType
from gatecast.errors import (
    DuplicateIndexError,
    IncompleteEventError,
    InvalidCloseError,
    InvalidKeyError,
    InvalidLimitError,
    MessageNotSerializableError,
    RelayUnavailableError,
    UnknownIndexError,
    UnknownPolicyError,
    UnnamedPolicyError,
    UnportableIndexError,
)
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, SESSION, Index
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient, notification
from tests.core.cluster.fake_cluster import REVOKED, FakeCluster, FakeNode
from tests.core.fakes import (
    ALICE,
    BOB,
    HELLO,
    FakeHandle,
    api_token,
    daemon,
    note,
    run,
    session,
    step,
)

Call = Callable[[FakeNode], Coroutine[object, None, object]]

SHARD = Index[ConnectionIdentity, int]("shard", int, lambda identity: identity.account_id.int % 3)
UNDECLARED = Index[ConnectionIdentity, int]("undeclared", int, lambda identity: 1)
POLICIES: Policies[ConnectionIdentity] = Policies()


@POLICIES.register("belongs-to")
def belongs_to(
    identity: ConnectionIdentity, message: JsonrpcMessageFromServerToClient, account: str
) -> bool:
    return str(identity.account_id) == account


@POLICIES.register("fails")
def fails(identity: ConnectionIdentity, message: JsonrpcMessageFromServerToClient) -> bool:
    raise OSError("the rule's own database is away")


def two() -> tuple[FakeCluster, FakeNode, FakeNode]:
    nodes = FakeCluster()
    here = nodes.joined(policies=POLICIES, indexes=(SHARD,))
    return nodes, here, nodes.joined(policies=POLICIES, indexes=(SHARD,))


class Ids(TypedDict, total=False):
    account_id: AccountId
    token_hash: TokenHash


def event(kind: AuditEventType, **ids: Unpack[Ids]) -> AuditEvent:
    return AuditEvent(event_type=kind, outcome="success", **ids)


LOST_SESSION = event(AuditEventType.SESSION_REVOKED, token_hash=TokenHash("s"))
LOST_ROLE = event(AuditEventType.ROLE_REVOKED, account_id=ALICE)
REVOCATIONS: dict[str, tuple[ConnectionIdentity, Call]] = {
    "session": (session("s"), lambda it: it.cluster.close_sockets_for_session(TokenHash("s"))),
    "account": (session("s"), lambda it: it.cluster.close_sockets_for_account(ALICE)),
    "token": (api_token("a"), lambda it: it.cluster.close_sockets_for_token(ApiTokenId("a"))),
    "revoke": (daemon(), lambda it: it.cluster.revoke(ACCOUNT, ALICE)),
    "event": (session("s"), lambda it: it.cluster.revoke_by_event(LOST_SESSION)),
    "role": (session("s"), lambda it: it.cluster.revoke_by_event(LOST_ROLE)),
    "revoke_session": (session("s"), lambda it: it.cluster.revoke_session(TokenHash("s"))),
    "revoke_account": (session("s"), lambda it: it.cluster.revoke_account(ALICE)),
    "revoke_token": (api_token("a"), lambda it: it.cluster.revoke_token(ApiTokenId("a"))),
}


@pytest.mark.parametrize(("identity", "revoke"), REVOCATIONS.values(), ids=REVOCATIONS)
def test_a_revocation_closes_what_it_names_on_every_node(
    identity: ConnectionIdentity, revoke: Call
) -> None:
    nodes, here, there = two()
    goes = [here.connect(identity), there.connect(identity), there.connect(identity)]
    stays = [here.connect(session("other", BOB)), there.connect(session("other", BOB))]
    assert run(revoke(here)) == 1
    nodes.settle()
    assert [handle.closes for handle in goes] == [[REVOKED]] * 3
    assert [handle.closes for handle in stays] == [[], []]


def test_an_index_of_the_app_s_own_is_revoked_by_on_nodes_whose_transports_know_it() -> None:
    nodes = FakeCluster()
    here = nodes.joined(indexes=(SHARD,))
    there = nodes.joined(indexes=(SHARD,), transport_indexes=(SHARD,))
    handle, stays = there.connect(), there.connect(daemon(BOB))
    assert run(here.cluster.revoke(SHARD, ALICE.int % 3)) == 0
    nodes.settle()
    assert (handle.closes, stays.closes) == ([REVOKED], [])


def test_the_close_code_and_the_reason_travel() -> None:
    nodes, here, there = two()
    handles = [here.connect(), there.connect()]
    run(here.cluster.revoke(SESSION, TokenHash("s"), code=4100, reason="é" * 100 + "\ud800"))
    nodes.settle()
    assert [handle.closes for handle in handles] == [[(4100, "é" * 61)]] * 2


def test_a_reason_with_a_lone_surrogate_travels_with_a_question_mark() -> None:
    nodes, here, there = two()
    handle = there.connect()
    run(here.cluster.revoke(ACCOUNT, ALICE, reason="\ud800"))
    nodes.settle()
    assert handle.closes == [(4001, "?")]


NOTE = note(1)
TO_ALICE = belongs_to(str(ALICE))
TO_BOB = belongs_to(account=str(BOB))
BROADCASTS: dict[str, tuple[Call, list[list[int]]]] = {
    "all": (lambda it: it.cluster.broadcast(NOTE), [[1], [1]]),
    "account": (lambda it: it.cluster.send_to_account(ALICE, NOTE), [[1], []]),
    "key": (lambda it: it.cluster.send_by(SESSION, TokenHash("t"), NOTE), [[], [1]]),
    "policy": (lambda it: it.cluster.broadcast_filtered(NOTE, TO_ALICE), [[1], []]),
    "by keyword": (lambda it: it.cluster.broadcast_filtered(NOTE, TO_BOB), [[], [1]]),
    "that raises": (lambda it: it.cluster.broadcast_filtered(NOTE, fails()), [[], []]),
}


@pytest.mark.parametrize(("send", "numbers"), BROADCASTS.values(), ids=BROADCASTS)
def test_a_message_reaches_whom_it_is_for_on_every_node(
    send: Call, numbers: list[list[int]]
) -> None:
    nodes, here, there = two()
    identities = (session("s"), session("t", BOB))
    handles = [node.connect(identity) for node in (here, there) for identity in identities]
    run(send(here))
    nodes.settle()
    assert [handle.numbers for handle in handles] == numbers * 2


def test_a_message_arrives_with_the_members_that_nobody_knows() -> None:
    nodes, here, there = two()
    handle = there.connect()
    message = notification("hello", {"deep": {"é": [1, 2.5, None, True]}})
    run(here.cluster.broadcast(message))
    nodes.settle()
    assert handle.received == [message]


def test_a_verb_of_a_relay_that_is_away_says_so() -> None:
    _, here, _ = two()
    here.relay.broken = RelayUnavailableError("refused")
    with pytest.raises(RelayUnavailableError):
        run(here.cluster.broadcast(HELLO))
    with pytest.raises(RelayUnavailableError):
        run(here.cluster.leave())


CALLS_BY_A_BAD_KEY: dict[str, Call] = {
    "text for a UUID": lambda node: node.cluster.revoke(ACCOUNT, str(ALICE)),  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    "None": lambda node: node.cluster.close_sockets_for_session(None),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    "a surrogate": lambda node: node.cluster.close_sockets_for_session(TokenHash("\ud800")),
    "None with a receipt": lambda node: node.cluster.revoke_and_wait(ACCOUNT, None),  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    "text to send to": lambda node: node.cluster.send_to_account("alice", HELLO),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
}
BAD_CALLS: dict[str, tuple[Call, type[Exception]]] = {
    **{name: (call, InvalidKeyError) for name, call in CALLS_BY_A_BAD_KEY.items()},
    "index to revoke": (lambda node: node.cluster.revoke(UNDECLARED, 1), UnknownIndexError),
    "index to send": (lambda node: node.cluster.send_by(UNDECLARED, 1, HELLO), UnknownIndexError),
    "code": (lambda node: node.cluster.revoke(ACCOUNT, ALICE, code=1005), InvalidCloseError),
    "code with a receipt": (
        lambda node: node.cluster.revoke_and_wait(ACCOUNT, ALICE, code=0),
        InvalidCloseError,
    ),
    "event": (
        lambda node: node.cluster.revoke_by_event(event(AuditEventType.TOKEN_REVOKED)),
        IncompleteEventError,
    ),
    "event with a receipt": (
        lambda node: node.cluster.revoke_by_event_and_wait(event(AuditEventType.LOGOUT)),
        IncompleteEventError,
    ),
    "lambda": (
        lambda node: node.cluster.broadcast_filtered(HELLO, lambda _: True),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]
        UnnamedPolicyError,
    ),
    "policy": (
        lambda node: node.cluster.broadcast_filtered(HELLO, PolicyCall("unknown", {})),
        UnknownPolicyError,
    ),
    "message": (
        lambda node: node.cluster.broadcast(notification("m", {"a": "\ud800"})),
        MessageNotSerializableError,
    ),
}


@pytest.mark.parametrize(("call", "error"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call_closes_nothing_and_publishes_nothing(
    call: Call, error: type[Exception]
) -> None:
    _, here, _ = two()
    handles = [here.connect(), here.connect(api_token("a"))]
    before = list(here.log.entries)
    with pytest.raises(error):
        run(call(here))
    assert here.log.entries == before
    assert [handle.closes for handle in handles] == [[], []]
    assert here.cluster.health().is_healthy


def test_an_audit_event_that_failed_closes_nothing_and_is_not_sent() -> None:
    _, here, _ = two()
    handle = here.connect()
    before = list(here.log.entries)
    failed = AuditEvent(
        event_type=AuditEventType.PASSWORD_CHANGED, outcome="failure", account_id=ALICE
    )
    assert run(here.cluster.revoke_by_event(failed)) == 0
    assert (here.log.entries, handle.closes) == (before, [])


def test_a_revocation_that_is_cancelled_while_it_is_published_has_closed_here() -> None:
    nodes, here, there = two()
    handles = [here.connect(), there.connect()]
    here.relay.held = True
    revoking = here.cluster.close_sockets_for_account(ALICE)
    step(revoking)
    revoking.close()
    assert [handle.closes for handle in handles] == [[REVOKED], []]
    # Nobody knows whether it got into the log, and it may do so later.
    here.relay.release()
    nodes.settle()
    assert handles[1].closes == [REVOKED]


def test_a_close_that_broadcasts_here_reaches_those_that_stay() -> None:
    _, here, _ = two()
    stays = here.connect(daemon(BOB))
    goes = FakeHandle(on_close=lambda: here.transport.broadcast(note(1)))
    here.transport.add_connection(goes, session("s"))
    assert run(here.cluster.close_sockets_for_account(ALICE)) == 1
    assert (stays.numbers, goes.numbers) == ([1], [])


@pytest.mark.parametrize("lease", [0, -1.0, float("nan")])
def test_a_cluster_is_not_made_with_a_lease_that_is_not_above_zero(lease: float) -> None:
    with pytest.raises(InvalidLimitError):
        FakeCluster().node(lease=lease)


def test_a_cluster_is_not_made_with_indexes_that_cannot_travel() -> None:
    twin = Index[ConnectionIdentity, int]("shard", int, lambda identity: 1)
    with pytest.raises(DuplicateIndexError):
        FakeCluster().node(indexes=(SHARD, twin))
    odd = Index[ConnectionIdentity, FakeNode]("odd", FakeNode, lambda identity: None)
    with pytest.raises(UnportableIndexError):
        FakeCluster().node(indexes=(odd,))


def test_every_entry_of_a_node_has_a_number_of_its_own() -> None:
    nodes, here, there = two()
    for node in (here, there, here):
        run(node.cluster.broadcast(HELLO))
        run(node.cluster.revoke(ACCOUNT, BOB))
    nodes.pass_time(5)
    decoded = [decode(entry) for entry in here.log.entries]
    assert any(isinstance(each, Heartbeat) for each in decoded)
    for node in (here, there):
        numbers = [
            each.seq
            for each in decoded
            if not isinstance(each, UnreadableEntry) and each.node == node.id
        ]
        assert numbers == list(range(1, len(numbers) + 1))
