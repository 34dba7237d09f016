from dataclasses import dataclass
from uuid import UUID

import pytest

from gatecast.connections.connection import Connection
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import DuplicateHandleError, DuplicateIdError, InvalidKeyError
from gatecast.identity.index import Index
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, World, daemon, session


def test_every_connection_gets_an_id_of_its_own() -> None:
    transport = World().transport()
    handle = FakeHandle()
    ids = {transport.add_connection(FakeHandle(), daemon()) for _ in range(100)}
    for _ in range(100):
        ids.add(transport.add_connection(handle, daemon()))
        transport.remove_connection(handle)
    assert len(ids) == 200


def test_ids_come_from_the_factory() -> None:
    numbers = iter(range(2))
    transport = World().transport(new_id=lambda: UUID(int=next(numbers)))
    ids = [transport.add_connection(FakeHandle(), daemon()) for _ in range(2)]
    assert ids == [UUID(int=0), UUID(int=1)]


def test_a_factory_that_repeats_itself_is_found_out() -> None:
    transport = World().transport(new_id=lambda: UUID(int=1))
    transport.add_connection(FakeHandle(), daemon(ALICE))
    with pytest.raises(DuplicateIdError):
        transport.add_connection(FakeHandle(), daemon(BOB))
    assert transport.send_to_account(BOB, HELLO) == 0


def test_an_identity_is_kept_as_given() -> None:
    transport = World().transport()
    identity = session("s")
    connection_id = transport.add_connection(FakeHandle(), identity)
    (connection,) = transport.get_connections()
    assert connection.identity is identity
    assert connection.id == connection_id


def test_admitting_for_an_adapter_returns_the_connection() -> None:
    transport = World().transport()
    handle = FakeHandle()
    connection = transport.adapter.let_in(handle, daemon(), transport.admit())
    assert isinstance(connection, Connection)
    assert connection.handle is handle
    assert transport.get_connections() == [connection]


def test_a_handle_that_is_registered_is_refused_and_nothing_changes() -> None:
    transport = World().transport()
    handle = FakeHandle()
    transport.add_connection(handle, daemon(ALICE))
    with pytest.raises(DuplicateHandleError):
        transport.add_connection(handle, daemon(BOB))
    assert transport.get_connection_count() == 1
    assert transport.send_to_account(BOB, HELLO) == 0
    assert transport.send_to_account(ALICE, HELLO) == 1


def test_an_identity_with_a_key_of_the_wrong_type_is_refused_and_nothing_changes() -> None:
    transport = World().transport()
    bad = ConnectionIdentity("alice")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(InvalidKeyError):
        transport.add_connection(FakeHandle(), bad)
    assert transport.get_connection_count() == 0


def test_a_key_without_a_hash_is_refused_and_nothing_changes() -> None:
    @dataclass(frozen=True)
    class Tagged:
        tags: tuple[object, ...]

    tags = Index[Tagged, tuple[object, ...]]("tags", tuple, lambda identity: identity.tags)
    transport = ConnectionTransport[FakeHandle, Tagged](
        "tagged", runtime=World().runtime, indexes=(tags,)
    )
    with pytest.raises(TypeError):
        transport.add_connection(FakeHandle(), Tagged((["unhashable"],)))
    assert transport.get_connection_count() == 0


def test_removing_forgets_a_handle_without_closing_it_and_is_idempotent() -> None:
    transport = World().transport()
    handle = FakeHandle()
    transport.add_connection(handle, session("s"))
    transport.remove_connection(handle)
    transport.remove_connection(handle)
    assert transport.broadcast(HELLO) == 0
    assert (handle.closes, handle.frames) == ([], [])


def test_a_handle_that_was_removed_may_come_back_as_somebody_else() -> None:
    transport = World().transport()
    handle = FakeHandle()
    transport.add_connection(handle, daemon(ALICE))
    transport.remove_connection(handle)
    transport.add_connection(handle, daemon(BOB))
    assert transport.send_to_account(ALICE, HELLO) == 0
    assert transport.send_to_account(BOB, HELLO) == 1


def test_a_transport_is_ready_while_it_has_a_connection() -> None:
    transport = World().transport()
    handle = FakeHandle()
    assert (transport.is_ready(), transport.get_connection_count()) == (False, 0)
    transport.add_connection(handle, daemon())
    assert (transport.is_ready(), transport.get_connection_count()) == (True, 1)
    transport.remove_connection(handle)
    assert (transport.is_ready(), transport.get_connection_count()) == (False, 0)


def test_connections_are_listed_oldest_first_and_as_of_now() -> None:
    transport = World().transport()
    ids = [transport.add_connection(FakeHandle(), daemon()) for _ in range(3)]
    listed = transport.get_connections()
    transport.close_sockets_for_account(ALICE)
    assert [connection.id for connection in listed] == ids
    assert not any(connection.live for connection in listed)


def test_a_transport_has_the_name_that_it_was_given() -> None:
    assert World().transport().transport_name == "fake"
