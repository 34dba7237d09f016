from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gatecast.connections.group import TransportGroup
from gatecast.connections.recipients import Under
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidEventFieldError, InvalidKeyError, WrongThreadError
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, SESSION, Index
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcErrorResponse, request
from gatecast.ports.runtime import Runtime
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

Fake = ConnectionTransport[FakeHandle, ConnectionIdentity]

REVOKED = [(4001, "Session revoked")]


@dataclass(frozen=True)
class Device:
    account_id: AccountId
    serial: str


SERIAL = Index[Device, str]("serial", str, lambda device: device.serial)


def refuse(frame: Frame) -> None:
    raise InvalidEventFieldError("id", "\n")


def connect(transport: Fake, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def pair() -> tuple[Fake, Fake, TransportGroup[ConnectionIdentity]]:
    world = World()
    first, second = world.transport(), world.transport()
    return first, second, TransportGroup("both", first, second)


def devices(runtime: Runtime) -> ConnectionTransport[FakeHandle, Device]:
    return ConnectionTransport("devices", runtime=runtime, indexes=[SERIAL])


def test_a_broadcast_reaches_the_connections_of_all_members() -> None:
    first, second, group = pair()
    handles = connect(first, daemon(), daemon(BOB)) + connect(second, daemon())
    assert group.broadcast(note(0)) == 3
    assert group.broadcast_filtered(note(1), is_alice) == 2
    assert group.send_to_account(BOB, note(2)) == 1
    assert [handle.numbers for handle in handles] == [[0, 1], [0, 2], [0, 1]]


def test_who_is_rotated_while_another_member_chooses_is_left_out() -> None:
    def rotating(identity: ConnectionIdentity) -> bool:
        if identity == session("last"):
            first.rotate_identity(first.get_connections()[0].id, daemon(BOB))
        return is_alice(identity)

    first, second, group = pair()
    (one,), (other,) = connect(first, daemon()), connect(second, session("last"))
    assert group.broadcast_filtered(note(0), rotating) == 1
    assert (one.numbers, other.numbers) == ([], [0])


def test_all_members_get_one_and_the_same_frame() -> None:
    first, second, group = pair()
    (one,), (other,) = connect(first, daemon()), connect(second, daemon())
    group.broadcast(HELLO)
    assert one.frames[0] is other.frames[0]


def test_a_group_counts_the_connections_of_its_members() -> None:
    first, second, group = pair()
    assert (group.is_ready(), group.get_connection_count()) == (False, 0)
    connect(second, daemon())
    connect(first, daemon(), daemon())
    assert (group.is_ready(), group.get_connection_count()) == (True, 3)
    assert group.transport_name == "both"


def test_a_notification_goes_to_everyone_and_a_request_to_nobody() -> None:
    first, _, group = pair()
    (handle,) = connect(first, daemon())
    answer = run(group.send(request("ask", id=7)))
    assert isinstance(answer, JsonrpcErrorResponse)
    assert (answer.id, answer.error.code, handle.frames) == (7, -32603, [])
    assert "both" in answer.error.message
    run(group.send(HELLO))
    assert handle.received == [HELLO]


def test_a_message_that_one_member_has_to_refuse_goes_to_nobody() -> None:
    world = World()
    first = world.transport()
    (handle,) = connect(first, daemon())
    group = TransportGroup("all", first, Fake("picky", runtime=world.runtime, prepare=refuse))
    with pytest.raises(InvalidEventFieldError):
        group.broadcast(HELLO)
    with pytest.raises(InvalidEventFieldError):
        group.send_to_account(ALICE, HELLO)
    first.broadcast(note(0))
    assert handle.numbers == [0]


def test_a_send_that_broadcasts_keeps_the_order_in_every_member() -> None:
    def answer() -> None:
        handles[0].on_send = list
        group.broadcast(note(1))

    first, second, group = pair()
    handles = connect(first, daemon(), daemon()) + connect(second, daemon())
    handles[0].on_send = answer
    assert group.broadcast(note(0)) == 3
    assert [handle.numbers for handle in handles] == [[0, 1]] * 3


def test_a_predicate_that_broadcasts_keeps_the_order_in_every_member() -> None:
    def everyone(identity: ConnectionIdentity) -> bool:
        if identity.account_id == BOB:
            group.broadcast(note(0))
        return True

    first, second, group = pair()
    handles = connect(first, daemon()) + connect(second, daemon(BOB))
    assert group.broadcast_filtered(note(1), everyone) == 2
    assert [handle.numbers for handle in handles] == [[0, 1]] * 2


def test_a_predicate_that_raises_withholds_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def only_alice(identity: ConnectionIdentity) -> bool:
        if identity.account_id != ALICE:
            raise LookupError("no rule")
        return True

    first, second, group = pair()
    (one, bob), (other,) = connect(first, daemon(), daemon(BOB)), connect(second, daemon(BOB))
    assert TransportGroup("outer", group).broadcast_filtered(note(0), only_alice) == 1
    assert [handle.numbers for handle in (one, bob, other)] == [[0], [], []]
    (logged,) = caplog.records
    assert "failed for 2 connections" in logged.getMessage()


def test_a_send_that_revokes_keeps_the_message_from_the_members_that_follow() -> None:
    first, second, group = pair()
    (one,), (other,) = connect(first, daemon(BOB)), connect(second, session("s"))
    one.on_send = lambda: group.close_sockets_for_session(TokenHash("s"))
    assert group.broadcast(note(0)) == 1
    assert (other.numbers, other.closes) == ([], REVOKED)


def test_revocation_closes_in_every_member() -> None:
    first, second, group = pair()
    identities = session("s"), api_token("t"), daemon(BOB)
    handles = connect(first, *identities), connect(second, *identities)
    assert group.close_sockets_for_session(TokenHash("s")) == 2
    assert group.close_sockets_for_token(ApiTokenId("t")) == 2
    assert group.close_sockets_for_account(ALICE) == 0
    assert group.close_where(lambda identity: identity.account_id == BOB) == 2
    assert [handle.closes for member in handles for handle in member] == [REVOKED] * 6


def test_a_close_that_broadcasts_reaches_nobody_who_is_being_revoked_in_any_member() -> None:
    first, second, group = pair()
    outer = TransportGroup("outer", group)
    revocations: list[Callable[[], int]] = [
        lambda: outer.revoke(SESSION, TokenHash("s")),
        lambda: outer.revoke(ACCOUNT, ALICE, where=lambda identity: True),
        lambda: outer.close_where(is_alice),
    ]
    for revoke in revocations:
        (one,), (other,) = connect(first, session("s")), connect(second, session("s"))
        one.on_close = lambda: second.broadcast(HELLO)
        assert revoke() == 2
        assert (other.closes, other.frames) == (REVOKED, [])


def test_a_member_without_the_index_has_nothing_to_revoke() -> None:
    world = World()
    plain, special = world.transport(), devices(world.runtime)
    (person,), device = connect(plain, daemon()), FakeHandle()
    special.add_connection(device, Device(ALICE, "x"))
    group = TransportGroup[ConnectionIdentity | Device]("all", plain, special)
    assert group.member.choose(Under(SERIAL, "x")).begin(Frame(note(0))).finish() == 1
    assert group.revoke(SERIAL, "x", code=4400, reason="stolen") == 1
    assert (person.closes, person.frames) == ([], [])
    assert (device.closes, device.numbers) == ([(4400, "stolen")], [0])


def test_members_may_have_identities_of_different_types() -> None:
    world = World()
    people, special = world.transport(), devices(world.runtime)
    (person,), device = connect(people, daemon()), FakeHandle()
    special.add_connection(device, Device(ALICE, "x"))
    group = TransportGroup[ConnectionIdentity | Device]("all", people, special)
    assert group.send_to_account(ALICE, note(0)) == 2
    assert group.broadcast_filtered(note(1), lambda who: isinstance(who, Device)) == 1
    assert (person.numbers, device.numbers) == ([0], [0, 1])


def test_a_group_may_be_a_member_of_another() -> None:
    world = World()
    transports = [world.transport() for _ in range(3)]
    handles = [connect(transport, session("s"))[0] for transport in transports]
    inner = TransportGroup("inner", *transports[:2])
    outer = TransportGroup("outer", inner, transports[2])
    assert outer.get_connection_count() == 3
    assert outer.broadcast(note(0)) == outer.send_to_account(ALICE, note(1)) == 3
    assert [handle.numbers for handle in handles] == [[0, 1]] * 3
    assert outer.close_sockets_for_session(TokenHash("s")) == 3
    assert not inner.is_ready()


def test_a_member_that_raises_spares_none_of_the_others() -> None:
    elsewhere, here = World(), World()
    foreign, transport = elsewhere.transport(), here.transport()
    connect(foreign, session("s"))
    handles = connect(transport, session("s"), daemon(BOB))
    elsewhere.thread = 2
    group = TransportGroup("all", foreign, transport)
    with pytest.raises(WrongThreadError):
        group.close_sockets_for_account(ALICE)
    with pytest.raises(WrongThreadError):
        group.close_where(lambda identity: identity.account_id == BOB)
    assert [handle.closes for handle in handles] == [REVOKED, REVOKED]


def test_a_broadcast_that_one_member_has_to_refuse_stays_in_none() -> None:
    elsewhere, here = World(), World()
    transport, foreign = here.transport(), elsewhere.transport()
    (handle,) = connect(transport, daemon())
    connect(foreign, daemon())
    elsewhere.thread = 2
    with pytest.raises(WrongThreadError):
        TransportGroup("all", transport, foreign).broadcast(note(0))
    transport.broadcast(note(1))
    assert handle.numbers == [1]


def test_a_key_of_the_wrong_type_is_refused_and_reaches_nobody() -> None:
    first, second, group = pair()
    handles = connect(first, daemon()) + connect(second, daemon())
    wrong = AccountId("alice")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(InvalidKeyError):
        group.revoke(ACCOUNT, wrong)
    with pytest.raises(InvalidKeyError):
        group.send_to_account(wrong, HELLO)
    assert [(handle.closes, handle.frames) for handle in handles] == [([], [])] * 2


def test_an_api_token_is_revoked_in_every_member_by_either_name() -> None:
    for name in ("close_sockets_for_token", "revoke_token"):
        first, second, group = pair()
        handles = connect(first, api_token("t")) + connect(second, api_token("t"), daemon())
        assert getattr(group, name)(ApiTokenId("t")) == 2
        assert [handle.closes for handle in handles] == [REVOKED, REVOKED, []]
