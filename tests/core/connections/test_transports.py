import pytest

from gatecast.connections.directory import Transports
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import DuplicateTransportError, UnknownTransportError
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.transport import Transport
from tests.core.fakes import FakeHandle, World, daemon


def transport(name: str, *, ready: bool = True) -> Transport:
    made: ConnectionTransport[FakeHandle, ConnectionIdentity]
    made = ConnectionTransport(name, runtime=World().runtime)
    if ready:
        made.add_connection(FakeHandle(), daemon())
    return made


def registered(*transports: Transport, allow_fallback: bool = True) -> Transports:
    registry = Transports(allow_fallback=allow_fallback)
    for each in transports:
        registry.register_transport(each)
    return registry


def test_the_first_one_is_current_until_another_is_chosen() -> None:
    first, second = transport("a"), transport("b")
    registry = registered(first, second)
    assert registry.get_current_transport() is registry.get_transport() is first
    registry.set_current_transport("b")
    assert registry.get_current_transport() is registry.get_transport() is second
    assert registry.get_current_transport_name() == "b"


def test_an_empty_registry_has_nothing_to_give() -> None:
    registry = Transports()
    assert registry.get_transport() is registry.get_transport("a") is None
    assert registry.get_current_transport() is registry.get_transport_by_name("a") is None
    assert registry.get_current_transport_name() is None
    assert not registry.is_ready()


def test_the_one_that_is_asked_for_is_given() -> None:
    first, second = transport("a"), transport("b")
    assert registered(first, second).get_transport("b") is second


def test_what_is_not_ready_is_replaced_by_the_current_one_first() -> None:
    first, second, current = transport("a"), transport("b", ready=False), transport("c")
    registry = registered(first, second, current)
    registry.set_current_transport("c")
    assert registry.get_transport("b") is current
    assert registry.get_transport("unknown") is current


def test_what_is_not_ready_is_replaced_by_the_first_that_is() -> None:
    registry = registered(
        transport("a", ready=False), transport("b", ready=False), third := transport("c")
    )
    assert registry.get_transport() is registry.get_transport("b") is third
    assert not registry.is_ready()


def test_without_fallback_nothing_replaces_it() -> None:
    first, second = transport("a", ready=False), transport("b")
    registry = registered(first, second, allow_fallback=False)
    assert registry.get_transport() is registry.get_transport("a") is None
    assert registry.get_transport("unknown") is None
    assert registry.get_transport("b") is second
    assert registry.get_transport_by_name("a") is first


def test_the_registry_is_ready_if_the_current_one_is() -> None:
    registry = registered(transport("a"), transport("b", ready=False))
    assert registry.is_ready()
    registry.set_current_transport("b")
    assert not registry.is_ready()


def test_a_name_is_taken_once() -> None:
    first = transport("a")
    registry = registered(first, first)
    with pytest.raises(DuplicateTransportError) as caught:
        registry.register_transport(transport("a"))
    assert caught.value.transport_name == "a"
    assert registry.get_transport_by_name("a") is first


def test_nobody_unknown_becomes_current() -> None:
    registry = registered(transport("a"), transport("b"))
    with pytest.raises(UnknownTransportError) as caught:
        registry.set_current_transport("c")
    assert (caught.value.transport_name, caught.value.known) == ("c", ("a", "b"))
    assert registry.get_current_transport_name() == "a"
