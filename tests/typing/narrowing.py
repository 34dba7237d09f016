"""`is_filterable_broadcast_transport` keeps what is known of a transport and invents nothing."""

from typing import assert_never, assert_type

from gatecast import (
    ConnectionIdentity,
    FilterableBroadcastTransport,
    Transport,
    is_filterable_broadcast_transport,
    notification,
)
from gatecast_adapters.memory import MemoryTransport
from tests.typing.samples import Device

HELLO = notification("hello")


class Plain:
    """Something without the verb."""


def of_device(identity: Device) -> bool:
    return bool(identity.serial)


def a_known_identity_is_kept(transport: MemoryTransport[Device]) -> None:
    if is_filterable_broadcast_transport(transport):
        assert_type(transport, MemoryTransport[Device])
    else:
        assert_never(transport)


def a_known_port_is_kept(transport: FilterableBroadcastTransport[Device]) -> None:
    if is_filterable_broadcast_transport(transport):
        assert_type(transport, FilterableBroadcastTransport[Device])
        transport.broadcast_filtered(HELLO, of_device)


def of_an_unknown_object_no_more_is_known_than_the_verb(transport: object) -> None:
    if is_filterable_broadcast_transport(transport):
        assert_type(transport, FilterableBroadcastTransport[object])
        assert_type(transport.broadcast_filtered(HELLO, bool), int)
        transport.broadcast_filtered(HELLO, of_device)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_transport_of_any_kind_gains_the_verb(transport: Transport) -> None:
    if is_filterable_broadcast_transport(transport):
        assert_type(transport.transport_name, str)
        assert_type(transport.broadcast_filtered(HELLO, bool), int)
        transport.broadcast_filtered(HELLO, of_device)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    else:
        transport.broadcast_filtered(HELLO, bool)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def what_lacks_the_verb_is_told_apart(transport: MemoryTransport[Device] | Plain) -> None:
    if is_filterable_broadcast_transport(transport):
        assert_type(transport, MemoryTransport[Device])
        transport.broadcast_filtered(HELLO, of_device)
    else:
        assert_type(transport, Plain)


def a_filter_over_identities_is_one_over_what_is_wider(
    transport: FilterableBroadcastTransport[Device],
) -> None:
    takes_a_filter_over_anything(transport)
    takes_a_filter_over_connections(transport)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def takes_a_filter_over_anything(transport: FilterableBroadcastTransport[object]) -> None: ...


def takes_a_filter_over_connections(
    transport: FilterableBroadcastTransport[ConnectionIdentity],
) -> None: ...
