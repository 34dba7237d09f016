import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidCloseError, InvalidKeyError, UnknownIndexError
from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, SESSION, Index
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import (
    ALICE,
    BOB,
    HELLO,
    FakeHandle,
    World,
    api_token,
    daemon,
    is_alice,
    session,
)

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]

REVOKED = (4001, "Session revoked")


def connect(transport: Transport, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def closed(handles: list[FakeHandle]) -> list[int]:
    """Which of the handles were closed, each exactly once and as revoked."""
    assert all(handle.closes in ([], [REVOKED]) for handle in handles)
    return [number for number, handle in enumerate(handles) if handle.closes]


def test_revoking_a_session_closes_exactly_its_connections() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"), session("other"), api_token("s"), session("s", BOB))
    assert transport.close_sockets_for_session(TokenHash("s")) == 2
    assert closed(handles) == [0, 3]


def test_revoking_an_api_token_closes_exactly_its_connections() -> None:
    transport = World().transport()
    handles = connect(transport, api_token("t"), api_token("other"), session("t"))
    assert transport.close_sockets_for_token(ApiTokenId("t")) == 1
    assert closed(handles) == [0]


def test_revoking_an_account_closes_its_connections_whatever_the_credential() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"), api_token("t"), daemon(), daemon(BOB))
    assert transport.close_sockets_for_account(ALICE) == 3
    assert closed(handles) == [0, 1, 2]


def test_revoking_by_a_predicate_closes_those_who_satisfy_it() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(ALICE), daemon(BOB), session("s"))
    assert transport.close_where(is_alice) == 2
    assert closed(handles) == [0, 2]


def test_where_the_predicate_raises_a_connection_is_closed() -> None:
    def fails_for_bob(identity: ConnectionIdentity) -> bool:
        if identity.account_id == BOB:
            raise LookupError
        return False

    transport = World().transport()
    handles = connect(transport, daemon(ALICE), daemon(BOB))
    assert transport.close_where(fails_for_bob) == 1
    assert closed(handles) == [1]


def test_a_revoked_connection_receives_nothing_more() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"), daemon(BOB))
    connection_id = transport.get_connections()[0].id
    transport.close_sockets_for_session(TokenHash("s"))
    assert transport.broadcast(HELLO) == 1
    assert transport.broadcast_filtered(HELLO, lambda identity: True) == 1
    assert transport.send_to_account(ALICE, HELLO) == 0
    assert not transport.send_to_connection(connection_id, HELLO)
    assert handles[0].frames == []
    assert transport.get_connection_count() == 1


def test_revoking_again_closes_nothing() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"))
    assert transport.close_sockets_for_session(TokenHash("s")) == 1
    assert transport.close_sockets_for_session(TokenHash("s")) == 0
    assert transport.close_sockets_for_account(ALICE) == 0
    assert transport.close_where(lambda identity: True) == 0
    assert closed(handles) == [0]


def test_none_closes_nothing() -> None:
    transport = World().transport()
    connect(transport, daemon(), session("s"), api_token("t"))
    no_token = None
    assert transport.close_sockets_for_session(no_token) == 0  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    assert transport.close_sockets_for_token(no_token) == 0  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    assert transport.get_connection_count() == 3


def test_all_connections_of_an_account_are_closed_whatever_one_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport = World().transport()
    handles = connect(transport, *[daemon()] * 5)
    handles[0].close_error = OSError("first")
    handles[3].close_error = RuntimeError("fourth")
    assert transport.close_sockets_for_account(ALICE) == 5
    assert closed(handles) == [0, 1, 2, 3, 4]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


def test_a_key_of_the_wrong_type_is_an_error_and_no_quiet_zero() -> None:
    transport = World().transport()
    connect(transport, session("s"))
    with pytest.raises(InvalidKeyError):
        transport.close_sockets_for_account(str(ALICE))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(InvalidKeyError):
        transport.close_sockets_for_session(b"s")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    assert transport.get_connection_count() == 1


def test_an_index_that_was_not_declared_closes_nothing() -> None:
    undeclared = Index[ConnectionIdentity, str]("shoe size", str, lambda identity: "47")
    transport = World().transport()
    connect(transport, daemon())
    with pytest.raises(UnknownIndexError):
        transport.close_by(undeclared, "47")
    assert transport.get_connection_count() == 1


def test_an_app_closes_by_its_own_index_with_its_own_code_and_reason() -> None:
    @dataclass(frozen=True)
    class Device:
        serial: str

    serial = Index[Device, str]("serial", str, lambda device: device.serial)
    transport = ConnectionTransport[FakeHandle, Device](
        "devices", runtime=World().runtime, indexes=(serial,)
    )
    handle = FakeHandle()
    transport.add_connection(handle, Device("a"))
    assert transport.close_by(serial, "b") == 0
    assert transport.close_by(serial, "a", code=4100, reason="ü" * 100) == 1
    assert handle.closes == [(4100, "ü" * 61)]


def test_one_connection_is_closed_normally_unless_said_otherwise() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(), daemon(), daemon())
    first, second, _ = (connection.id for connection in transport.get_connections())
    assert transport.close_connection(first)
    assert transport.close_connection(second, code=3000, reason="bye")
    assert [handle.closes for handle in handles] == [[(1000, "")], [(3000, "bye")], []]
    assert not transport.close_connection(first)
    assert not transport.close_connection(ConnectionId(ALICE))


def test_a_code_that_may_not_be_sent_closes_nothing() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    (connection,) = transport.get_connections()
    closes: list[Callable[[], object]] = [
        lambda: transport.close_by(ACCOUNT, ALICE, code=1005),
        lambda: transport.close_where(is_alice, code=999),
        lambda: transport.close_connection(connection.id, code=5000),
    ]
    for close in closes:
        with pytest.raises(InvalidCloseError):
            close()
    assert handle.closes == []
    assert transport.get_connection_count() == 1


def test_a_reason_that_is_no_text_closes_nothing() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    with pytest.raises(AttributeError):
        transport.close_by(ACCOUNT, ALICE, reason=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    assert transport.close_sockets_for_account(ALICE) == 1
    assert handle.closes == [REVOKED]


def test_sessions_of_an_identity_without_accounts_are_closed_as_well() -> None:
    @dataclass(frozen=True)
    class Guest:
        token_hash: TokenHash

    transport = ConnectionTransport[FakeHandle, Guest]("guests", runtime=World().runtime)
    transport.add_connection(FakeHandle(), Guest(TokenHash("s")))
    assert transport.close_by(SESSION, TokenHash("other")) == 0
    assert transport.close_sockets_for_session(TokenHash("s")) == 1


def test_no_key_closes_an_identity_that_has_none() -> None:
    transport = ConnectionTransport[FakeHandle, str]("names", runtime=World().runtime)
    transport.add_connection(FakeHandle(), "somebody")
    account: Index[str, AccountId] = ACCOUNT  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # a str has no account
    assert transport.close_by(account, ALICE) == 0
    assert transport.close_where(lambda name: name == "somebody") == 1
