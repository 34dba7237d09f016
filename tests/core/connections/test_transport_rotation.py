import pytest

from gatecast.connections.recipients import EVERYONE, Under, UnderKey
from gatecast.errors import AdmissionExpiredError, AdmissionRevokedError, InvalidKeyError
from gatecast.identity.ids import ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from tests.core.fakes import (
    ALICE,
    BOB,
    FakeHandle,
    World,
    daemon,
    is_alice,
    note,
    run,
    session,
    step,
)

OLD, NEW = TokenHash("old"), TokenHash("new")


def test_the_new_key_closes_a_rotated_connection_and_the_old_one_does_not() -> None:
    transport = World().transport()
    handle = FakeHandle()
    connection_id = transport.add_connection(handle, session(OLD))
    assert transport.rotate_identity(connection_id, session(NEW))
    assert transport.close_sockets_for_session(OLD) == 0
    assert handle.closes == []
    assert transport.close_sockets_for_session(NEW) == 1
    assert handle.closes == [(4001, "Session revoked")]


def test_predicates_see_the_new_identity() -> None:
    transport = World().transport()
    connection_id = transport.add_connection(FakeHandle(), daemon(ALICE))
    transport.rotate_identity(connection_id, daemon(BOB))
    assert transport.broadcast_filtered(note(0), is_alice) == 0
    assert transport.send_to_account(BOB, note(1)) == 1


def test_rotation_keeps_the_connection_and_its_id() -> None:
    transport = World().transport()
    handle = FakeHandle()
    connection_id = transport.add_connection(handle, session(OLD))
    transport.rotate_identity(connection_id, session(NEW))
    assert transport.send_to_connection(connection_id, note(0))
    assert handle.closes == []
    assert transport.get_connection_count() == 1


def test_a_connection_that_is_gone_is_not_rotated() -> None:
    transport = World().transport()
    connection_id = transport.add_connection(FakeHandle(), session(OLD))
    transport.close_sockets_for_session(OLD)
    assert not transport.rotate_identity(connection_id, session(NEW))
    assert not transport.rotate_identity(ConnectionId(ALICE), session(NEW))
    assert transport.get_connection_count() == 0


def test_a_refused_rotation_leaves_the_old_identity() -> None:
    transport = World().transport()
    connection_id = transport.add_connection(FakeHandle(), session(OLD))
    bad = ConnectionIdentity("alice")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(InvalidKeyError):
        transport.rotate_identity(connection_id, bad)
    with transport.admit() as admission:
        transport.close_sockets_for_session(NEW)
        with pytest.raises(AdmissionRevokedError):
            transport.rotate_identity(connection_id, session(NEW), admission=admission)
    with pytest.raises(AdmissionExpiredError):
        transport.rotate_identity(connection_id, session(NEW), admission=admission)
    assert transport.close_sockets_for_session(OLD) == 1


def test_a_rotation_that_nothing_revoked_is_admitted() -> None:
    transport = World().transport()
    connection_id = transport.add_connection(FakeHandle(), session(OLD))
    with transport.admit() as admission:
        transport.close_sockets_for_session(TokenHash("other"))
        assert transport.rotate_identity(connection_id, session(NEW), admission=admission)


def test_what_is_under_way_goes_out_before_the_identity_changes() -> None:
    transport = World().transport()
    handles = [FakeHandle(), FakeHandle()]
    ids = [transport.add_connection(handle, daemon(ALICE)) for handle in handles]
    spread = transport.broadcast_spread(note(0), is_alice, batch=1)
    step(spread)
    transport.rotate_identity(ids[1], daemon(BOB))
    assert handles[1].numbers == [0]
    assert run(spread) == 2
    assert transport.broadcast_filtered(note(1), is_alice) == 1
    assert handles[1].numbers == [0]


def test_a_revocation_by_a_send_that_calls_back_refuses_the_rotation() -> None:
    transport = World().transport()
    handles = [FakeHandle(), FakeHandle()]
    ids = [transport.add_connection(handle, session(OLD)) for handle in handles]
    handles[1].on_send = lambda: transport.close_sockets_for_session(NEW)
    spread = transport.broadcast_spread(note(0), batch=1)
    step(spread)
    with transport.admit() as admission, pytest.raises(AdmissionRevokedError):
        transport.rotate_identity(ids[0], session(NEW), admission=admission)
    spread.close()


def test_who_is_rotated_after_being_chosen_does_not_get_what_the_old_identity_may_see(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def rotating(identity: ConnectionIdentity) -> bool:
        if identity == session("last"):
            transport.rotate_identity(ids[0], daemon(BOB))
        return is_alice(identity)

    transport = World().transport()
    handles = [FakeHandle(), FakeHandle(), FakeHandle()]
    identities = [daemon(), daemon(), session("last")]
    ids = list(map(transport.add_connection, handles, identities))
    assert transport.broadcast_filtered(note(0), rotating) == 2
    assert [handle.numbers for handle in handles] == [[], [0], [0]]
    assert "1 connections were rotated" in caplog.text
    assert transport.broadcast_filtered(note(1), is_alice) == 2
    assert transport.broadcast_filtered(note(2), lambda _: True) == 3
    assert len(caplog.records) == 1


@pytest.mark.parametrize("rotated", [0, 1], ids=["somebody else", "itself"])
def test_who_is_rotated_while_a_revocation_asks_is_closed_in_doubt(rotated: int) -> None:
    def rotating(identity: ConnectionIdentity) -> bool:
        if identity == session("last"):
            transport.rotate_identity(ids[rotated], session(NEW))
        return identity == session(NEW)

    transport = World().transport()
    handles = [FakeHandle(), FakeHandle(), FakeHandle()]
    identities = [daemon(), session("last"), daemon(BOB)]
    ids = list(map(transport.add_connection, handles, identities))
    assert transport.close_where(rotating) == 1
    assert [bool(handle.closes) for handle in handles] == [rotated == 0, rotated == 1, False]


def test_who_comes_under_a_key_while_a_revocation_of_it_asks_is_closed_in_doubt() -> None:
    def rotating(identity: object) -> bool:
        transport.rotate_identity(bob, daemon(ALICE))
        return False

    transport = World().transport()
    alice, handle = FakeHandle(), FakeHandle()
    transport.add_connection(alice, daemon(ALICE))
    bob = transport.add_connection(handle, daemon(BOB))
    assert transport.member.cut_off(UnderKey(ACCOUNT, ALICE, rotating), Ending.REVOKED).close() == 1
    assert (alice.closes, handle.closes) == ([], [(4001, "Session revoked")])


def test_a_rotation_while_recipients_are_chosen_keeps_the_message_from_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def rotating(identity: ConnectionIdentity) -> bool:
        if identity == session(OLD):
            transport.rotate_identity(ids[1], session(NEW))
        return identity == daemon()

    transport = World().transport()
    handles = [FakeHandle(), FakeHandle()]
    ids = list(map(transport.add_connection, handles, [daemon(), session(OLD)]))
    assert transport.broadcast_filtered(note(0), rotating) == 1
    assert [handle.numbers for handle in handles] == [[0], []]
    assert caplog.records == []


def test_a_rotation_during_a_spread_broadcast_that_is_choosing_counts_as_well() -> None:
    def rotating(identity: ConnectionIdentity) -> bool:
        transport.rotate_identity(connection_id, daemon(BOB))
        return is_alice(identity)

    transport = World().transport()
    handle = FakeHandle()
    connection_id = transport.add_connection(handle, daemon())
    assert run(transport.broadcast_spread(note(0), rotating)) == 0
    assert handle.numbers == []


def test_a_message_for_all_or_for_a_key_is_kept_from_nobody_who_was_rotated() -> None:
    transport = World().transport()
    handles = [FakeHandle(), FakeHandle()]
    ids = list(map(transport.add_connection, handles, [session(OLD), daemon(ALICE)]))
    everyone = transport.member.choose(EVERYONE)
    account = transport.member.choose(Under(ACCOUNT, ALICE))
    transport.rotate_identity(ids[0], session(NEW))
    transport.rotate_identity(ids[1], daemon(BOB))
    assert everyone.begin(Frame(note(0))).finish() == 2
    assert account.begin(Frame(note(1))).finish() == 1
    assert [handle.numbers for handle in handles] == [[0, 1], [0]]
