"""The observer: called once for everything that happens, and able to harm nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from gatecast.connections.caps import Cap
from gatecast.connections.group import TransportGroup
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import DrainingError, HandleClosedError, SlowConsumerError
from gatecast.identity.ids import TokenHash
from gatecast.identity.index import ACCOUNT
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.observer import (
    DroppedConnection,
    Ended,
    Observation,
    Opened,
    Refused,
    Revoked,
    Sent,
)
from tests.core.fakes import ALICE, HELLO, FakeHandle, World, daemon, is_alice, run, session

Seen = list[Observation[ConnectionIdentity]]
SIZE = len(Frame(HELLO))


def observed(
    **caps: Cap[ConnectionIdentity],
) -> tuple[World, ConnectionTransport[FakeHandle, ConnectionIdentity], Seen]:
    world, seen = World(), Seen()
    return world, world.transport(observer=seen.append, caps=list(caps.values())), seen


def test_a_connection_is_opened_once_and_ended_once_with_its_cause_and_duration() -> None:
    world, transport, seen = observed()
    opened = transport.add_connection(FakeHandle(), session("s"))
    world.now += 12.5
    transport.close_sockets_for_session(TokenHash("s"))
    assert seen == [
        Opened("fake", opened, session("s")),
        Revoked("fake", "session", 1, Ending.REVOKED),
        Ended("fake", opened, session("s"), Ending.REVOKED, 12.5),
    ]


Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]


def expire(world: World, transport: Transport) -> None:
    transport.add_connection(FakeHandle(), ConnectionIdentity(ALICE, expires_at=world.now + 1))
    world.pass_time(1)


def replace(world: World, transport: Transport) -> None:
    transport.add_connection(FakeHandle(), daemon())
    transport.add_connection(FakeHandle(), daemon())


def leave(world: World, transport: Transport) -> None:
    handle = FakeHandle()
    transport.add_connection(handle, daemon())
    transport.adapter.left(handle, Ending.by_peer(1001, "bye"))


def vanish(world: World, transport: Transport) -> None:
    handle = FakeHandle()
    transport.add_connection(handle, daemon())
    transport.remove_connection(handle)
    transport.remove_connection(handle)


def fall_silent(world: World, transport: Transport) -> None:
    handle = FakeHandle()
    transport.add_connection(handle, daemon())
    transport.adapter.end(handle, Ending.IDLE)


def be_closed(world: World, transport: Transport) -> None:
    connection_id = transport.add_connection(FakeHandle(), daemon())
    transport.close_connection(connection_id, code=4000, reason="enough")


def fail(error: Exception) -> Callable[[World, Transport], None]:
    def send(world: World, transport: Transport) -> None:
        transport.add_connection(FakeHandle(error=error), daemon())
        transport.broadcast(HELLO)

    return send


def drain(world: World, transport: Transport) -> None:
    transport.add_connection(FakeHandle(), daemon())
    run(transport.drain())


def fence(world: World, transport: Transport) -> None:
    transport.add_connection(FakeHandle(), daemon())
    transport.member.fence().close()


def close_where(world: World, transport: Transport) -> None:
    transport.add_connection(FakeHandle(), daemon())
    transport.close_where(is_alice, code=4100, reason="moved")


@pytest.mark.parametrize(
    ("end", "ending"),
    [
        (expire, Ending.EXPIRED),
        (replace, Ending.REPLACED),
        (leave, Ending.by_peer(1001, "bye")),
        (vanish, Ending.GONE),
        (fall_silent, Ending.IDLE),
        (be_closed, Ending.by_app(4000, "enough")),
        (fail(SlowConsumerError(1, 2)), Ending.SLOW),
        (fail(HandleClosedError()), Ending.GONE),
        (fail(ValueError("broken")), Ending.FAILED),
        (drain, Ending.DRAINED),
        (fence, Ending.FENCED),
        (close_where, Ending.revoked(4100, "moved")),
    ],
)
def test_every_cause_ends_a_connection_once_and_is_named(
    end: Callable[[World, Transport], None], ending: Ending
) -> None:
    world, transport, seen = observed(cap=Cap(ACCOUNT, 1))
    end(world, transport)
    assert [event.ending for event in seen if isinstance(event, Ended)] == [ending]


def test_a_drop_is_reported_with_what_was_raised_and_then_as_an_end() -> None:
    _, transport, seen = observed()
    error = SlowConsumerError(1, 2)
    slow = transport.add_connection(FakeHandle(error=error), daemon())
    transport.broadcast(HELLO)
    assert seen[1:] == [
        DroppedConnection("fake", slow, daemon(), error, Ending.SLOW),
        Ended("fake", slow, daemon(), Ending.SLOW, 0.0),
        Sent("fake", recipients=1, accepted=0, size=SIZE),
    ]


def test_what_is_sent_is_reported_once_per_message_and_transport() -> None:
    world, seen = World(), Seen()
    first, second = (world.transport(observer=seen.append) for _ in range(2))
    for transport in (first, first, second):
        transport.add_connection(FakeHandle(), daemon())
    seen.clear()
    TransportGroup("both", first, second).broadcast(HELLO)
    first.send_to_connection(first.get_connections()[0].id, HELLO)
    run(first.broadcast_spread(HELLO, batch=1))
    assert seen == [
        Sent("fake", recipients=2, accepted=2, size=SIZE),
        Sent("fake", recipients=1, accepted=1, size=SIZE),
        Sent("fake", recipients=1, accepted=1, size=SIZE),
        Sent("fake", recipients=2, accepted=2, size=SIZE),
    ]


def test_a_refusal_is_reported_with_its_cause() -> None:
    _, transport, seen = observed(cap=Cap(ACCOUNT, 1, when_reached="refuse"))
    transport.add_connection(FakeHandle(), daemon())
    refused = FakeHandle()
    assert transport.adapter.let_in(refused, daemon(), transport.admit()) is None
    transport.adapter.refused(Ending.NOT_AUTHENTICATED, status=401)
    run(transport.drain())
    with pytest.raises(DrainingError):
        transport.add_connection(FakeHandle(), daemon())
    assert refused.endings == [Ending.AT_CAPACITY]
    assert [event for event in seen if isinstance(event, Refused)] == [
        Refused("fake", Ending.AT_CAPACITY, daemon(), None),
        Refused("fake", Ending.NOT_AUTHENTICATED, None, 401),
        Refused("fake", Ending.DRAINED, daemon(), None),
    ]


def test_a_revocation_that_closed_nobody_is_reported_too() -> None:
    _, transport, seen = observed()
    transport.close_sockets_for_account(ALICE)
    transport.close_where(is_alice)
    assert seen == [
        Revoked("fake", "account", 0, Ending.REVOKED),
        Revoked("fake", None, 0, Ending.REVOKED),
    ]


def test_an_observer_that_raises_is_logged_once_for_each_event_and_harms_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(event: Observation[ConnectionIdentity]) -> None:
        raise OSError("the statistics are away")

    transport = World().transport(observer=refuse)
    handle = FakeHandle()
    transport.add_connection(handle, session("s"))
    assert transport.broadcast(HELLO) == 1
    assert transport.close_sockets_for_session(TokenHash("s")) == 1
    assert handle.endings == [Ending.REVOKED]
    assert [record.getMessage() for record in caplog.records] == [
        f"the observer failed for {event}" for event in ("Opened", "Sent", "Revoked", "Ended")
    ]
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_an_observer_that_sends_is_called_for_one_event_after_another() -> None:
    """A thousand peers that vanish at once don't nest a thousand calls."""
    depth, deepest, ended = 0, 0, 0

    def announce(event: Observation[ConnectionIdentity]) -> None:
        nonlocal depth, deepest, ended
        depth += 1
        deepest = max(deepest, depth)
        if isinstance(event, Ended):
            ended += 1
            transport.broadcast(HELLO)
        depth -= 1

    transport = World().transport(observer=announce, on_drop=lambda dropped: None)
    for _ in range(1000):
        transport.add_connection(FakeHandle(error=HandleClosedError()), daemon())
    transport.broadcast(HELLO)
    assert (deepest, ended) == (1, 1000)


def test_nobody_is_observed_once_per_recipient() -> None:
    _, transport, seen = observed()
    for _ in range(50):
        transport.add_connection(FakeHandle(), daemon())
    seen.clear()
    transport.broadcast(HELLO)
    assert len(seen) == 1
