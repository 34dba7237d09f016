import gc
import weakref
from collections.abc import Callable
from dataclasses import replace

import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import CredentialExpiredError, InvalidExpiryError, InvalidKeyError
from gatecast.identity.ids import TokenHash
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import (
    ALICE,
    FakeHandle,
    World,
    daemon,
    is_alice,
    note,
    run,
    session,
    step,
)

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]

EXPIRED = (4001, "Credential expired")


def until(instant: float) -> ConnectionIdentity:
    return replace(session("s"), expires_at=instant)


def connect(transport: Transport, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def test_a_connection_is_closed_when_its_credential_ends() -> None:
    world = World()
    transport = world.transport()
    ending, lasting = connect(transport, until(1010.0), daemon())
    world.pass_time(9.9)
    assert ending.closes == []
    world.pass_time(0.1)
    assert (ending.closes, lasting.closes) == ([EXPIRED], [])
    assert transport.get_connection_count() == 1


def test_no_message_goes_out_after_the_instant_even_if_the_timer_is_late() -> None:
    world = World()
    transport = world.transport()
    connection_ids = [transport.add_connection(FakeHandle(), until(1010.0 + n)) for n in range(3)]
    world.now = 1010.0
    assert transport.broadcast_filtered(note(0), is_alice) == 2
    world.now = 1011.0
    assert transport.send_to_account(ALICE, note(1)) == 1
    world.now = 1012.0
    assert not transport.send_to_connection(connection_ids[2], note(2))
    assert not transport.is_ready()


def test_no_message_goes_out_after_the_instant_in_the_middle_of_a_spread_broadcast() -> None:
    world = World()
    transport = world.transport()
    first, second = connect(transport, until(1010.0), until(1010.0))
    spread = transport.broadcast_spread(note(0), batch=1)
    step(spread)
    world.now = 1010.0
    assert run(spread) == 1
    assert (first.numbers, second.numbers) == ([0], [])


def test_an_app_may_close_what_has_expired_by_itself() -> None:
    world = World()
    transport = world.transport()
    connect(transport, until(1010.0), until(1010.0), until(1011.0))
    assert transport.adapter.close_expired() == 0
    world.now = 1010.0
    assert transport.adapter.close_expired() == 2
    assert transport.adapter.close_expired() == 0


def test_an_expired_credential_is_not_let_in() -> None:
    transport = World().transport()
    handle = FakeHandle()
    with pytest.raises(CredentialExpiredError):
        transport.add_connection(handle, until(1000.0))
    assert handle.closes == []
    assert transport.adapter.let_in(handle, until(1000.0), transport.admit()) is None
    assert handle.closes == [EXPIRED]
    assert transport.get_connection_count() == 0


def test_a_malformed_expiry_changes_nothing() -> None:
    world = World()
    transport = world.transport()
    with pytest.raises(InvalidExpiryError):
        transport.add_connection(FakeHandle(), until(float("nan")))
    assert transport.get_connection_count() == 0
    connection_id = transport.add_connection(FakeHandle(), until(1010.0))
    with pytest.raises(InvalidExpiryError):
        transport.rotate_identity(connection_id, until(float("nan")))
    world.pass_time(10.0)
    assert transport.get_connection_count() == 0


def test_a_malformed_key_schedules_nothing() -> None:
    world = World()
    bad = replace(until(1010.0), token_hash=3)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(InvalidKeyError):
        world.transport().add_connection(FakeHandle(), bad)
    assert world.timers == []


def test_a_refreshed_credential_keeps_the_connection_until_its_own_end() -> None:
    world = World()
    transport = world.transport()
    handle = FakeHandle()
    connection_id = transport.add_connection(handle, until(1010.0))
    assert transport.rotate_identity(connection_id, until(1020.0))
    world.pass_time(19.0)
    assert handle.closes == []
    world.pass_time(1.0)
    assert handle.closes == [EXPIRED]


def test_a_refresh_that_is_expired_leaves_the_old_credential() -> None:
    world = World()
    transport = world.transport()
    handle = FakeHandle()
    connection_id = transport.add_connection(handle, until(1010.0))
    with pytest.raises(CredentialExpiredError):
        transport.rotate_identity(connection_id, until(999.0))
    assert transport.get_connections()[0].identity == until(1010.0)
    world.pass_time(10.0)
    assert handle.closes == [EXPIRED]


def test_a_refresh_that_comes_too_late_finds_the_connection_closed() -> None:
    world = World()
    transport = world.transport()
    _, second = connect(transport, until(1010.0), until(1010.0))
    spread = transport.broadcast_spread(note(0), batch=1)
    step(spread)
    connection_id = transport.get_connections()[1].id
    world.now = 1010.0
    assert not transport.rotate_identity(connection_id, until(1020.0))
    assert (second.numbers, second.closes) == ([], [EXPIRED])
    assert run(spread) == 1


def test_a_close_that_calls_back_finds_everything_expired_gone() -> None:
    world = World()
    transport = world.transport()
    first, second = connect(transport, until(1010.0), until(1010.0))
    reached: list[int] = []
    first.on_close = lambda: reached.append(transport.broadcast(note(0)))
    late = FakeHandle()
    second.on_close = lambda: transport.add_connection(late, until(1020.0))
    world.pass_time(10.0)
    assert (reached, first.closes, second.closes) == ([0], [EXPIRED], [EXPIRED])
    world.pass_time(10.0)
    assert late.closes == [EXPIRED]


def test_one_close_that_raises_does_not_spare_the_others() -> None:
    world = World()
    transport = world.transport()
    first, second = connect(transport, until(1010.0), until(1010.0))
    first.close_error = OSError("gone already")
    world.pass_time(10.0)
    assert (first.closes, second.closes) == ([EXPIRED], [EXPIRED])


def rotated(transport: Transport) -> None:
    transport.rotate_identity(transport.get_connections()[0].id, daemon())


WAYS_OUT: dict[str, Callable[[Transport, FakeHandle], object]] = {
    "remove": lambda transport, handle: transport.remove_connection(handle),
    "revoke": lambda transport, _: transport.close_sockets_for_session(TokenHash("s")),
    "close_where": lambda transport, _: transport.close_where(is_alice),
    "drop": lambda transport, handle: transport.adapter.failed(handle, OSError("gone")),
    "rotate": lambda transport, _: rotated(transport),
}


@pytest.mark.parametrize("leave", WAYS_OUT.values(), ids=WAYS_OUT)
def test_whoever_leaves_the_schedule_leaves_nothing_in_it(
    leave: Callable[[Transport, FakeHandle], object],
) -> None:
    world = World()
    transport = world.transport()
    handle = FakeHandle()
    transport.add_connection(handle, until(2000.0))
    leave(transport, handle)
    assert world.timers == []
    transport.remove_connection(handle)
    reference = weakref.ref(handle)
    del handle
    gc.collect()
    assert reference() is None
