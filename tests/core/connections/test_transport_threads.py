from collections.abc import Callable
from dataclasses import replace

import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import HandleClosedError, WrongThreadError
from gatecast.identity.ids import ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.ending import Ending
from tests.core.fakes import ALICE, HELLO, FakeHandle, World, daemon, is_alice, run

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]
Verb = Callable[[Transport], object]

SOMEBODY = ConnectionId(ALICE)


VERBS: dict[str, Verb] = {
    "admit": lambda transport: transport.admit(),
    "add_connection": lambda transport: transport.add_connection(FakeHandle(), daemon()),
    "remove_connection": lambda transport: transport.remove_connection(FakeHandle()),
    "rotate_identity": lambda transport: transport.rotate_identity(SOMEBODY, daemon()),
    "close_by": lambda transport: transport.close_by(ACCOUNT, ALICE),
    "close_where": lambda transport: transport.close_where(is_alice),
    "close_connection": lambda transport: transport.close_connection(SOMEBODY),
    "close_sockets_for_session": lambda transport: transport.close_sockets_for_session(
        TokenHash("s")
    ),
    "close_sockets_for_account": lambda transport: transport.close_sockets_for_account(ALICE),
    "close_sockets_for_token": lambda transport: transport.close_sockets_for_token(ApiTokenId("t")),
    "revoke_session": lambda transport: transport.revoke_session(TokenHash("s")),
    "revoke_account": lambda transport: transport.revoke_account(ALICE),
    "revoke_token": lambda transport: transport.revoke_token(ApiTokenId("t")),
    "send": lambda transport: run(transport.send(HELLO)),
    "send_by": lambda transport: transport.send_by(ACCOUNT, ALICE, HELLO),
    "send_to_account": lambda transport: transport.send_to_account(ALICE, HELLO),
    "send_to_connection": lambda transport: transport.send_to_connection(SOMEBODY, HELLO),
    "broadcast": lambda transport: transport.broadcast(HELLO),
    "broadcast_filtered": lambda transport: transport.broadcast_filtered(HELLO, is_alice),
    "broadcast_spread": lambda transport: run(transport.broadcast_spread(HELLO)),
    "drain": lambda transport: run(transport.drain()),
}
ADAPTER_VERBS: dict[str, Verb] = {
    "admit": lambda transport: transport.adapter.admit(),
    "let_in": lambda transport: transport.adapter.let_in(
        FakeHandle(), daemon(), transport.adapter.admit()
    ),
    "left": lambda transport: transport.adapter.left(FakeHandle()),
    "end": lambda transport: transport.adapter.end(FakeHandle(), Ending.IDLE),
    "failed": lambda transport: transport.adapter.failed(FakeHandle(), HandleClosedError()),
    "close_expired": lambda transport: transport.adapter.close_expired(),
}
EVERY_VERB = [
    *(pytest.param(verb, id=name) for name, verb in VERBS.items()),
    *(pytest.param(verb, id=f"adapter.{name}") for name, verb in ADAPTER_VERBS.items()),
]
READERS: dict[str, Verb] = {
    "transport_name": lambda transport: transport.transport_name,
    "adapter": lambda transport: transport.adapter,
    "member": lambda transport: transport.member,
    "is_draining": lambda transport: transport.is_draining,
    "is_ready": lambda transport: transport.is_ready(),
    "get_connection_count": lambda transport: transport.get_connection_count(),
    "get_connections": lambda transport: transport.get_connections(),
}


def test_every_public_name_of_a_transport_is_a_verb_or_a_reader() -> None:
    public = {name for name in dir(ConnectionTransport) if not name.startswith("_")}
    assert public == VERBS.keys() | READERS.keys()


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_a_verb_called_on_another_thread_is_refused_and_changes_nothing(verb: Verb) -> None:
    world = World()
    transport = world.transport()
    handle = FakeHandle()
    transport.add_connection(handle, daemon())
    world.thread = 2
    with pytest.raises(WrongThreadError):
        verb(transport)
    assert (handle.frames, handle.closes) == ([], [])
    assert transport.get_connection_count() == 1


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_reader_answers_on_any_thread(read: Verb) -> None:
    world = World()
    transport = world.transport()
    transport.add_connection(FakeHandle(), daemon())
    here = read(transport)
    world.thread = 2
    assert read(transport) == here


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_an_open_admission_ties_a_transport_to_its_thread(verb: Verb) -> None:
    world = World()
    transport = world.transport()
    with transport.admit():
        world.thread = 2
        with pytest.raises(WrongThreadError):
            verb(transport)


def test_a_transport_that_is_not_in_use_may_move_to_another_thread() -> None:
    world = World()
    transport = world.transport()
    handle = FakeHandle()
    for world.thread in (1, 2, 3):
        with transport.admit() as admission:
            transport.add_connection(handle, daemon(), admission=admission)
        assert transport.broadcast(HELLO) == 1
        transport.remove_connection(handle)


def test_an_admission_that_was_never_ended_ties_nobody_for_ever() -> None:
    world = World()
    transport = world.transport(max_admission_seconds=5.0)
    transport.admit()
    world.thread = 2
    with pytest.raises(WrongThreadError):
        transport.admit()
    world.now += 5.0
    transport.admit()


def test_a_call_that_finds_nothing_to_do_does_not_move_the_transport() -> None:
    world = World()
    connected_meanwhile = False

    def thread_id() -> int:
        # The worker's call is overtaken here by the event loop, which registers a connection.
        nonlocal connected_meanwhile
        if world.thread == 2 and not connected_meanwhile:
            connected_meanwhile = True
            world.thread = 1
            transport.add_connection(FakeHandle(), daemon())
            world.thread = 2
        return world.thread

    transport = ConnectionTransport[FakeHandle, ConnectionIdentity](
        "fake", runtime=replace(world.runtime, thread_id=thread_id)
    )
    world.thread = 2
    transport.close_sockets_for_account(ALICE)
    world.thread = 1
    transport.broadcast(HELLO)
