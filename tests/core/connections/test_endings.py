"""Endings: each cause has its code and reason, and everyone is notified, whatever one raises."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gatecast.connections.group import TransportGroup
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import (
    AdmissionError,
    CapReachedError,
    DrainingError,
    DuplicateMemberError,
    InvalidCloseError,
    ReservedNameError,
    TransportInUseError,
)
from gatecast.identity.ids import TokenHash
from gatecast.identity.index import SESSION
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.ending import Cause, Ending, ending_of_refusal
from tests.core.fakes import ALICE, HELLO, FakeHandle, World, daemon, is_alice, run, session

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]

CLOSES: dict[str, Callable[[Transport], object]] = {
    "close_sockets_for_session": lambda transport: transport.close_sockets_for_session(
        TokenHash("s")
    ),
    "close_sockets_for_account": lambda transport: transport.close_sockets_for_account(ALICE),
    "revoke_session": lambda transport: transport.revoke_session(TokenHash("s")),
    "revoke_account": lambda transport: transport.revoke_account(ALICE),
    "close_by": lambda transport: transport.close_by(SESSION, TokenHash("s")),
    "close_where": lambda transport: transport.close_where(is_alice),
    "drain": lambda transport: run(transport.drain()),
    "group.revoke_session": lambda transport: TransportGroup("all", transport).revoke_session(
        TokenHash("s")
    ),
    "group.revoke_account": lambda transport: TransportGroup("all", transport).revoke_account(
        ALICE
    ),
    "group": lambda transport: TransportGroup("all", transport).close_where(is_alice),
    "fence": lambda transport: transport.member.fence().close(),
}


@pytest.mark.parametrize("interruption", [CancelledError(), KeyboardInterrupt(), SystemExit()])
@pytest.mark.parametrize("close", CLOSES.values(), ids=CLOSES)
def test_all_are_notified_before_an_interrupted_close_comes_through(
    close: Callable[[Transport], object], interruption: BaseException
) -> None:
    transport = World().transport()
    handles = [FakeHandle() for _ in range(4)]
    handles[1].close_error = interruption
    for handle in handles:
        transport.add_connection(handle, session("s"))
    with pytest.raises(type(interruption)):
        close(transport)
    assert [len(handle.endings) for handle in handles] == [1, 1, 1, 1]
    assert not transport.is_ready()


def test_all_dropped_handles_are_closed_before_an_interruption_comes_through() -> None:
    transport = World().transport(on_drop=lambda dropped: None)
    handles = [FakeHandle(error=ValueError("broken")) for _ in range(3)]
    handles[0].close_error = KeyboardInterrupt()
    handles[0].on_close = lambda: transport.broadcast(HELLO)
    for handle in handles:
        transport.add_connection(handle, daemon())
    with pytest.raises(KeyboardInterrupt):
        transport.broadcast(HELLO)
    assert [handle.endings for handle in handles] == [[Ending.FAILED]] * 3


class TooManyTabsError(CapReachedError):
    """An app's own refusal, which derives from one of ours."""


class BannedError(AdmissionError):
    """One that derives from the parent of all."""


@pytest.mark.parametrize(
    ("refusal", "ending"),
    [
        (TooManyTabsError("account", 3), Ending.AT_CAPACITY),
        (BannedError(), Ending.NOT_ADMITTED),
        (DrainingError(), Ending.DRAINED),
    ],
)
def test_a_refusal_of_the_authors_own_closes_with_the_code_of_its_parent(
    refusal: AdmissionError, ending: Ending
) -> None:
    class Gate:
        def enforce(self) -> None: ...

        def is_open(self) -> bool:
            raise refusal

    assert ending_of_refusal(refusal) == ending
    transport = World().transport()
    transport.member.attach_gate(Gate())
    handle = FakeHandle()
    assert transport.adapter.let_in(handle, daemon(), transport.admit()) is None
    assert handle.endings == [ending]


def test_an_ending_that_may_not_be_sent_is_refused_and_a_long_reason_is_cut() -> None:
    for make in (Ending.by_app, Ending.revoked):
        with pytest.raises(InvalidCloseError):
            make(1005)
        assert len(make(4000, "ä" * 100).reason.encode()) <= 123
    assert Ending.by_peer(1005).cause is Cause.LEFT


def test_a_peer_that_has_left_is_forgotten_and_not_closed() -> None:
    transport = World().transport()
    handle = FakeHandle()
    transport.add_connection(handle, daemon())
    (connection,) = transport.get_connections()
    transport.adapter.left(handle, Ending.by_peer(1001))
    assert (handle.endings, connection.ending) == ([], Ending.by_peer(1001))
    assert not connection.live


def test_an_adapter_learns_that_nobody_is_admitted_any_more() -> None:
    transport = World().transport()
    assert not transport.adapter.is_draining
    run(transport.drain())
    assert transport.adapter.is_draining
    handle = FakeHandle()
    assert transport.adapter.let_in(handle, daemon(), transport.adapter.admit()) is None
    assert handle.endings == [Ending.DRAINED]


def test_a_handle_that_is_not_registered_is_closed_by_its_adapter_all_the_same() -> None:
    transport = World().transport()
    handle = FakeHandle()
    transport.adapter.end(handle, Ending.IDLE)
    assert handle.endings == [Ending.IDLE]


def test_the_same_transport_twice_in_a_group_is_refused() -> None:
    transport = World().transport()
    inner = TransportGroup("inner", transport)
    for members in ([transport, transport], [inner, transport], [inner, inner]):
        with pytest.raises(DuplicateMemberError):
            TransportGroup("outer", *members)


def test_a_second_gate_is_refused() -> None:
    class Open:
        def enforce(self) -> None: ...

        def is_open(self) -> bool:
            return True

    transport = World().transport()
    transport.member.attach_gate(Open())
    with pytest.raises(TransportInUseError) as raised:
        transport.member.attach_gate(Open())
    assert raised.value.transport_name == "fake"


def subclass(name: str, namespace: Mapping[str, object]) -> Callable[..., Transport]:
    # Any: no checker knows a class that is made like this.
    made: Any = type(name, (ConnectionTransport,), dict(namespace))
    constructor: Callable[..., Transport] = made
    return constructor


def test_a_subclass_collides_with_no_private_name_of_the_core() -> None:
    taken = {
        name.removeprefix("_ConnectionTransport__")
        for name in vars(World().transport())
        if name.startswith("_ConnectionTransport__")
    }
    assert taken

    def forget(self: object) -> str:
        return "mine"

    mine = {f"_{name}": forget for name in taken} | {f"__{name}": forget for name in taken}
    theirs = subclass("Theirs", mine | {"_forget": forget})
    transport = theirs("theirs", runtime=World().runtime)
    for name in mine:
        setattr(transport, name, "mine")
    handle = FakeHandle()
    transport.add_connection(handle, session("s"))
    assert transport.broadcast(HELLO) == 1
    assert transport.close_sockets_for_session(TokenHash("s")) == 1
    assert handle.endings == [Ending.REVOKED]
    assert vars(transport).keys() >= mine.keys()


def test_every_attribute_of_a_transport_is_kept_apart_from_a_subclasss() -> None:
    assert all(name.startswith("_ConnectionTransport__") for name in vars(World().transport()))
    private = {name for name in vars(ConnectionTransport) if name.startswith("_")}
    own = {name for name in private if not name.endswith("__")}
    assert {name for name in own if not name.startswith("_ConnectionTransport__")} <= {
        "_is_protocol"
    }


@pytest.mark.parametrize("name", ["ConnectionTransport", "_ConnectionTransport"])
def test_the_one_name_that_would_collide_is_refused_when_the_class_is_made(name: str) -> None:
    with pytest.raises(ReservedNameError) as raised:
        subclass(name, {})
    assert raised.value.name == name
