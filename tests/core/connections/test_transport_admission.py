import contextlib
from collections.abc import Callable

import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import (
    AdmissionExpiredError,
    AdmissionRevokedError,
    DuplicateHandleError,
)
from gatecast.identity.ids import ApiTokenId, TokenHash
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, World, api_token, is_alice, session

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]


def revoke_session(transport: Transport) -> int:
    return transport.close_sockets_for_session(TokenHash("s"))


def revoke_account(transport: Transport) -> int:
    return transport.close_sockets_for_account(ALICE)


def revoke_predicate(transport: Transport) -> int:
    return transport.close_where(is_alice)


@pytest.mark.parametrize("revoke", [revoke_session, revoke_account, revoke_predicate])
def test_a_revocation_during_the_check_refuses_the_connection(
    revoke: Callable[[Transport], int],
) -> None:
    transport = World().transport()
    handle = FakeHandle()
    with transport.admit() as admission:
        assert revoke(transport) == 0
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(handle, session("s"), admission=admission)
    assert transport.broadcast(HELLO) == 0
    assert (handle.frames, handle.closes) == ([], [])


def test_a_revocation_of_an_api_token_during_the_check_refuses_the_connection() -> None:
    transport = World().transport()
    with transport.admit() as admission:
        transport.close_sockets_for_token(ApiTokenId("t"))
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(FakeHandle(), api_token("t"), admission=admission)


def test_a_revocation_of_somebody_else_during_the_check_refuses_nobody() -> None:
    transport = World().transport()
    with transport.admit() as admission:
        transport.close_sockets_for_account(BOB)
        transport.close_sockets_for_session(TokenHash("other"))
        transport.close_where(lambda identity: identity.account_id == BOB)
        transport.add_connection(FakeHandle(), session("s"), admission=admission)
    assert transport.get_connection_count() == 1


def test_a_revocation_after_the_registration_closes_the_connection() -> None:
    transport = World().transport()
    handle = FakeHandle()
    with transport.admit() as admission:
        transport.add_connection(handle, session("s"), admission=admission)
        assert revoke_session(transport) == 1
    assert handle.closes == [(4001, "Session revoked")]


def test_closing_one_connection_is_no_revocation() -> None:
    transport = World().transport()
    connection_id = transport.add_connection(FakeHandle(), session("s"))
    with transport.admit() as admission:
        transport.close_connection(connection_id)
        transport.add_connection(FakeHandle(), session("s"), admission=admission)
    assert transport.get_connection_count() == 1


def test_an_admission_that_is_over_admits_nobody() -> None:
    transport = World().transport()
    with transport.admit() as admission:
        pass
    with pytest.raises(AdmissionExpiredError):
        transport.add_connection(FakeHandle(), session("s"), admission=admission)
    assert transport.get_connection_count() == 0


def test_a_check_that_takes_too_long_admits_nobody() -> None:
    world = World()
    transport = world.transport(max_admission_seconds=5.0)
    with transport.admit() as admission:
        world.now += 5.0
        with pytest.raises(AdmissionExpiredError):
            transport.add_connection(FakeHandle(), session("s"), admission=admission)


def test_a_refused_handle_may_be_registered_later() -> None:
    transport = World().transport()
    handle = FakeHandle()
    with transport.admit() as admission:
        revoke_session(transport)
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(handle, session("s"), admission=admission)
    with transport.admit() as admission:
        transport.add_connection(handle, session("new"), admission=admission)
        with pytest.raises(DuplicateHandleError):
            transport.add_connection(handle, session("new"), admission=admission)


def test_a_revocation_by_a_close_that_calls_back_is_not_missed() -> None:
    transport = World().transport()
    first = FakeHandle(on_close=lambda: revoke_session(transport))
    transport.add_connection(first, session("other", BOB))
    with transport.admit() as admission:
        transport.close_sockets_for_account(BOB)
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(FakeHandle(), session("s"), admission=admission)


def test_an_adapter_lets_in_whom_nothing_revoked() -> None:
    transport = World().transport()
    handle = FakeHandle()
    connection = transport.adapter.let_in(handle, session("s"), transport.admit())
    assert connection is not None
    assert transport.get_connections() == [connection]
    assert handle.closes == []


def test_an_adapter_closes_whom_it_does_not_let_in() -> None:
    world = World()
    transport = world.transport(max_admission_seconds=5.0)
    revoked, overdue = FakeHandle(), FakeHandle(close_error=OSError("gone already"))
    admission = transport.admit()
    revoke_session(transport)
    assert transport.adapter.let_in(revoked, session("s"), admission) is None
    assert revoked.closes == [(4001, "Session revoked")]
    admission = transport.admit()
    world.now += 5.0
    assert transport.adapter.let_in(overdue, session("s"), admission) is None
    assert overdue.closes == [(1013, "Identification took too long")]
    assert transport.get_connection_count() == 0


def test_letting_in_a_handle_twice_closes_it_not_even_when_it_would_be_refused() -> None:
    transport = World().transport()
    handle = FakeHandle()
    connection_id = transport.add_connection(handle, session("other"))
    admission = transport.admit()
    revoke_session(transport)
    with pytest.raises(DuplicateHandleError):
        transport.adapter.let_in(handle, session("s"), admission)
    assert handle.closes == []
    assert [each.id for each in transport.get_connections()] == [connection_id]


def test_letting_in_ends_the_admission_whatever_comes_of_it() -> None:
    transport = World().transport()
    handle = FakeHandle()
    transport.add_connection(handle, session("other"))
    for refused in (handle, FakeHandle()):
        admission = transport.admit()
        with contextlib.suppress(DuplicateHandleError):
            transport.adapter.let_in(refused, session("s"), admission)
        with pytest.raises(AdmissionExpiredError):
            transport.add_connection(FakeHandle(), session("s"), admission=admission)
