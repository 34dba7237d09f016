from dataclasses import dataclass, replace
from typing import Any

import pytest

from gatecast.connections.guard import AuditEvent, AuditEventType, RevocationGuard
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import IncompleteEventError, WrongThreadError
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, World, api_token, daemon, session

CONNECTED = {
    "session": session("s"),
    "other session": session("o"),
    "token": api_token("t"),
    "other token": api_token("u"),
    "daemon": daemon(),
    "bob": session("b", BOB),
}
SESSIONS = {"session", "other session"}
TOKENS = {"token", "other token"}
ACCOUNT_OF_ALICE = CONNECTED.keys() - {"bob"}

CLOSES: dict[AuditEventType, set[str]] = {
    AuditEventType.SESSION_REVOKED: {"session"},
    AuditEventType.LOGOUT: {"session"},
    AuditEventType.TOKEN_REVOKED: {"token"},
    AuditEventType.ALL_SESSIONS_REVOKED: SESSIONS,
    AuditEventType.ALL_TOKENS_REVOKED: TOKENS,
    AuditEventType.PASSWORD_CHANGED: ACCOUNT_OF_ALICE,
    AuditEventType.ROLE_REVOKED: set(),
}


class Wired:
    """A guard over sockets and streams that the same people are connected to."""

    def __init__(self, *, sockets_on_role_revoked: bool = False) -> None:
        self.sockets, self.on_sockets = connected()
        self.streams, self.on_streams = connected()
        self.guard = RevocationGuard(
            sockets=[self.sockets],
            streams=[self.streams],
            sockets_on_role_revoked=sockets_on_role_revoked,
        )


def connected() -> tuple[
    ConnectionTransport[FakeHandle, ConnectionIdentity], dict[str, FakeHandle]
]:
    transport = World().transport()
    handles = {name: FakeHandle() for name in CONNECTED}
    for name, identity in CONNECTED.items():
        transport.add_connection(handles[name], identity)
    return transport, handles


def closed(handles: dict[str, FakeHandle]) -> set[str]:
    return {name for name, handle in handles.items() if handle.closes}


def event(event_type: AuditEventType) -> AuditEvent:
    return AuditEvent(
        event_type=event_type,
        outcome="success",
        account_id=ALICE,
        token_hash=TokenHash("s"),
        api_token_id=ApiTokenId("t"),
    )


@pytest.mark.parametrize("event_type", AuditEventType)
def test_an_event_closes_exactly_what_it_has_ended(event_type: AuditEventType) -> None:
    wired = Wired()
    count = wired.guard(event(event_type))
    assert closed(wired.on_sockets) == CLOSES[event_type]
    streams = ACCOUNT_OF_ALICE if event_type == "role_revoked" else CLOSES[event_type]
    assert closed(wired.on_streams) == streams
    assert count == len(CLOSES[event_type]) + len(streams)
    assert wired.guard(event(event_type)) == 0


@pytest.mark.parametrize("event_type", AuditEventType)
def test_an_event_that_failed_closes_nothing(event_type: AuditEventType) -> None:
    wired = Wired(sockets_on_role_revoked=True)
    assert wired.guard(replace(event(event_type), outcome="failure")) == 0
    assert closed(wired.on_sockets) | closed(wired.on_streams) == set()


def test_a_revoked_role_closes_sockets_if_asked() -> None:
    wired = Wired(sockets_on_role_revoked=True)
    wired.guard(event(AuditEventType.ROLE_REVOKED))
    assert closed(wired.on_sockets) == closed(wired.on_streams) == ACCOUNT_OF_ALICE


def test_a_logout_that_names_no_session_ends_all_of_the_account() -> None:
    wired = Wired()
    wired.guard(replace(event(AuditEventType.LOGOUT), token_hash=None))
    assert closed(wired.on_sockets) == closed(wired.on_streams) == SESSIONS


@pytest.mark.parametrize(
    ("event_type", "missing"),
    [
        (AuditEventType.SESSION_REVOKED, "token_hash"),
        (AuditEventType.TOKEN_REVOKED, "api_token_id"),
        (AuditEventType.ALL_SESSIONS_REVOKED, "account_id"),
        (AuditEventType.ALL_TOKENS_REVOKED, "account_id"),
        (AuditEventType.PASSWORD_CHANGED, "account_id"),
        (AuditEventType.ROLE_REVOKED, "account_id"),
    ],
)
def test_an_event_without_its_id_closes_nothing(event_type: AuditEventType, missing: str) -> None:
    wired = Wired()
    nothing: dict[str, Any] = {missing: None}
    with pytest.raises(IncompleteEventError) as caught:
        wired.guard(replace(event(event_type), **nothing))
    assert (caught.value.event_type, caught.value.field) == (event_type, missing)
    assert closed(wired.on_sockets) | closed(wired.on_streams) == set()


def test_a_logout_that_names_nobody_closes_nothing() -> None:
    with pytest.raises(IncompleteEventError):
        Wired().guard(replace(event(AuditEventType.LOGOUT), token_hash=None, account_id=None))


@dataclass(frozen=True)
class Owner:
    account_id: AccountId


@pytest.mark.parametrize(
    "event_type", [AuditEventType.ALL_SESSIONS_REVOKED, AuditEventType.ALL_TOKENS_REVOKED]
)
def test_an_identity_that_does_not_say_its_credential_is_closed_with_either(
    event_type: AuditEventType,
) -> None:
    transport: ConnectionTransport[FakeHandle, Owner]
    transport = ConnectionTransport("owners", runtime=World().runtime)
    transport.add_connection(FakeHandle(), Owner(ALICE))
    transport.add_connection(FakeHandle(), Owner(BOB))
    assert RevocationGuard(sockets=[transport])(event(event_type)) == 1


@pytest.mark.parametrize(
    "event_type", [AuditEventType.SESSION_REVOKED, AuditEventType.PASSWORD_CHANGED]
)
def test_a_transport_that_raises_spares_none_of_the_others(event_type: AuditEventType) -> None:
    world = World()
    foreign = world.transport()
    foreign.add_connection(FakeHandle(), daemon())
    world.thread = 2
    others, on_others = connected()
    guard = RevocationGuard(sockets=[foreign, others])
    with pytest.raises(WrongThreadError):
        guard(event(event_type))
    assert closed(on_others) == CLOSES[event_type]


@pytest.mark.parametrize(
    "event_type", [AuditEventType.SESSION_REVOKED, AuditEventType.PASSWORD_CHANGED]
)
def test_a_close_that_broadcasts_reaches_nobody_who_is_being_revoked_elsewhere(
    event_type: AuditEventType,
) -> None:
    wired = Wired()
    wired.on_sockets["session"].on_close = lambda: wired.streams.broadcast(HELLO)
    wired.guard(event(event_type))
    reached = {name for name, handle in wired.on_streams.items() if handle.frames}
    assert reached == CONNECTED.keys() - CLOSES[event_type]
