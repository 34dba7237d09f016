"""A group's predicates are asked about the identities of all its members."""

from typing import assert_type

from gatecast import (
    ConnectionIdentity,
    FilterableBroadcastTransport,
    JsonrpcErrorResponse,
    RevocationGuard,
    TransportGroup,
    Transports,
    notification,
)
from gatecast.connections import HasMember
from gatecast.messages import request
from gatecast_adapters.memory import MemoryTransport
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_adapters.uvicorn_shutdown import draining
from tests.typing.samples import COUNTRY, SERIAL, Device, Serial, Visitor

HELLO = notification("hello")

Either = ConnectionIdentity | SseIdentity


def of_connection(identity: ConnectionIdentity) -> bool:
    return identity.api_token_id is None


def of_either(identity: Either) -> bool:
    return identity.token_hash is None


def of_device(identity: Device) -> bool:
    return identity.serial == Serial("a")


def members_of_one_identity_type_make_a_group_of_it(
    devices: MemoryTransport[Device], others: MemoryTransport[Device]
) -> None:
    group = TransportGroup("all", devices, others)
    assert_type(group, TransportGroup[Device])
    assert_type(group.broadcast_filtered(HELLO, of_device), int)
    group.broadcast_filtered(HELLO, of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def members_of_two_identity_types_make_a_group_of_their_union(
    sockets: MemoryTransport[ConnectionIdentity], streams: BackendSseTransport
) -> None:
    group = TransportGroup[Either]("all", sockets, streams)
    assert_type(group.broadcast_filtered(HELLO, of_either), int)
    assert_type(group.close_where(of_either), int)
    group.broadcast_filtered(HELLO, of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    group.close_where(of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    group.close_where(of_device)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_lambda_has_to_do_for_every_member(
    devices: MemoryTransport[Device], sockets: MemoryTransport[ConnectionIdentity]
) -> None:
    group = TransportGroup[Device | ConnectionIdentity]("all", devices, sockets)
    group.broadcast_filtered(HELLO, lambda who: isinstance(who, Device) and who.serial == "a")


def a_member_of_another_identity_type_is_refused(
    devices: MemoryTransport[Device], sockets: MemoryTransport[ConnectionIdentity]
) -> None:
    TransportGroup[ConnectionIdentity]("all", sockets, devices)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TransportGroup[ConnectionIdentity]("all", sockets, object())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_narrower_identity_is_one_of_the_wider(
    visitors: MemoryTransport[Visitor], sockets: MemoryTransport[ConnectionIdentity]
) -> None:
    group = TransportGroup[ConnectionIdentity]("all", visitors, sockets)
    assert_type(group.revoke(COUNTRY, "NL"), int)
    group.revoke(COUNTRY, 31)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def a_group_is_a_transport_and_a_member(group: TransportGroup[Device]) -> None:
    as_filterable: FilterableBroadcastTransport[Device] = group
    as_object: HasMember[object] = group
    as_member: HasMember[Device | Visitor] = group
    Transports().register_transport(group)
    TransportGroup[Device | Visitor]("all", as_member)
    assert_type(as_filterable.broadcast_filtered(HELLO, of_device), int)
    RevocationGuard(sockets=[as_object, as_member])
    assert_type(group.revoke(SERIAL, Serial("a")), int)


def what_can_only_broadcast_is_no_member(transport: FilterableBroadcastTransport[Device]) -> None:
    TransportGroup[Device]("all", transport)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def a_request_is_always_answered_with_an_error(group: TransportGroup[Device]) -> None:
    assert_type(await group.send(request("ask", id=1)), JsonrpcErrorResponse)


def the_members_of_a_group_are_drained_and_not_the_group(
    group: TransportGroup[Device], devices: MemoryTransport[Device]
) -> None:
    draining(devices)
    draining(group)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
