from dataclasses import dataclass

import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import MessageNotSerializableError, UnknownIndexError
from gatecast.identity.ids import AccountId, ConnectionId
from gatecast.identity.index import Index
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import (
    INTERNAL_ERROR,
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    notification,
    request,
    response,
)
from gatecast.ports.transport import TransportSendOptions
from tests.core.fakes import (
    ALICE,
    BOB,
    HELLO,
    FakeHandle,
    World,
    api_token,
    daemon,
    is_alice,
    note,
    run,
    session,
)

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]


def connect(transport: Transport, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def test_a_broadcast_reaches_everyone() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(ALICE), session("s", BOB))
    assert transport.broadcast(HELLO) == 2
    assert [handle.received for handle in handles] == [[HELLO], [HELLO]]


def test_a_filtered_broadcast_reaches_exactly_those_who_satisfy_the_predicate() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(ALICE), daemon(BOB), session("s", ALICE))
    assert transport.broadcast_filtered(HELLO, is_alice) == 2
    assert [handle.received for handle in handles] == [[HELLO], [], [HELLO]]


def test_where_the_predicate_raises_nothing_is_sent() -> None:
    def only_alice(identity: ConnectionIdentity) -> bool:
        if identity.account_id != ALICE:
            raise LookupError(identity.account_id)
        return True

    transport = World().transport()
    handles = connect(transport, daemon(BOB), daemon(ALICE), daemon(BOB))
    assert transport.broadcast_filtered(HELLO, only_alice) == 1
    assert [handle.received for handle in handles] == [[], [HELLO], []]
    assert transport.get_connection_count() == 3


def test_all_recipients_of_a_message_share_one_frame() -> None:
    transport = World().transport()
    first, second = connect(transport, daemon(), daemon())
    transport.broadcast(HELLO)
    transport.broadcast_filtered(HELLO, is_alice)
    transport.send_to_account(ALICE, HELLO)
    assert all(a is b for a, b in zip(first.frames, second.frames, strict=True))


def test_a_message_to_an_account_reaches_all_of_its_connections() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"), daemon(BOB), api_token("t"), daemon())
    assert transport.send_to_account(ALICE, HELLO) == 3
    assert [handle.received for handle in handles] == [[HELLO], [], [HELLO], [HELLO]]


def test_a_message_to_an_account_looks_at_nobody_else() -> None:
    @dataclass(frozen=True)
    class Watched:
        account: AccountId

        @property
        def account_id(self) -> AccountId:
            looked_at.append(self.account)
            return self.account

    looked_at: list[AccountId] = []
    transport = ConnectionTransport[FakeHandle, Watched]("watched", runtime=World().runtime)
    for account in (ALICE, BOB):
        transport.add_connection(FakeHandle(), Watched(account))
    looked_at.clear()
    assert transport.send_to_account(ALICE, HELLO) == 1
    assert looked_at == []


def test_a_message_by_a_declared_index_reaches_those_under_the_key() -> None:
    hour = Index[ConnectionIdentity, str](
        "hour", str, lambda identity: (identity.token_hash or "")[:1] or None
    )
    transport = World().transport(indexes=(hour,))
    handles = connect(transport, session("a1"), session("a2"), session("b1"), daemon())
    assert transport.send_by(hour, "a", HELLO) == 2
    assert [handle.received for handle in handles] == [[HELLO], [HELLO], [], []]


def test_an_index_that_was_not_declared_sends_to_nobody() -> None:
    undeclared = Index[ConnectionIdentity, str]("shoe size", str, lambda identity: "47")
    transport = World().transport()
    connect(transport, daemon())
    with pytest.raises(UnknownIndexError):
        transport.send_by(undeclared, "47", HELLO)


def test_a_message_to_one_connection_reaches_no_other() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(), daemon())
    connection_id = transport.get_connections()[0].id
    assert transport.send_to_connection(connection_id, HELLO)
    assert [handle.received for handle in handles] == [[HELLO], []]
    handles[0].error = ValueError("broken")
    assert not transport.send_to_connection(connection_id, HELLO)


def test_a_message_to_a_connection_that_is_gone_reaches_nobody() -> None:
    transport = World().transport()
    assert not transport.send_to_connection(ConnectionId(ALICE), HELLO)


def test_messages_arrive_in_the_order_of_the_calls() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    (connection,) = transport.get_connections()
    transport.broadcast(note(0))
    transport.send_to_account(ALICE, note(1))
    transport.broadcast_filtered(note(2), is_alice)
    transport.send_to_connection(connection.id, note(3))
    run(transport.broadcast_spread(note(4)))
    run(transport.send(note(5)))
    assert handle.numbers == [0, 1, 2, 3, 4, 5]


def test_sending_a_request_reaches_nobody_and_returns_its_error_response() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    answer = run(transport.send(request("ping", id="r-1"), TransportSendOptions(queue=True)))
    assert isinstance(answer, JsonrpcErrorResponse)
    assert (answer.id, answer.error.code) == ("r-1", INTERNAL_ERROR)
    assert handle.frames == []


@pytest.mark.parametrize("message", [HELLO, response(1), response("r", {"ok": True})])
def test_sending_anything_else_reaches_everyone_and_returns_nothing(
    message: JsonrpcMessageFromServerToClient,
) -> None:
    transport = World().transport()
    handles = connect(transport, daemon(), daemon(BOB))
    run(transport.send(message))
    assert [handle.received for handle in handles] == [[message], [message]]


def test_a_message_without_a_json_form_reaches_nobody() -> None:
    bad = notification("bad", {"value": float("inf")})
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    (connection,) = transport.get_connections()
    for send in (
        lambda: transport.broadcast(bad),
        lambda: transport.broadcast_filtered(bad, is_alice),
        lambda: transport.send_to_account(ALICE, bad),
        lambda: transport.send_to_connection(connection.id, bad),
        lambda: transport.send_to_connection(ConnectionId(BOB), bad),
        lambda: run(transport.broadcast_spread(bad)),
        lambda: run(transport.send(bad)),
    ):
        with pytest.raises(MessageNotSerializableError):
            send()
    assert handle.frames == []
