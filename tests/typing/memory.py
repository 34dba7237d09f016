"""The memory transport as an app makes it."""

from typing import assert_type

from gatecast import (
    ConnectionIdentity,
    ConnectionTransport,
)
from gatecast.messages import JsonrpcMessage
from gatecast_adapters.memory import MemoryClose, MemoryHandle, MemoryTransport
from tests.typing.samples import SERIAL, Device


def the_identity_is_connection_identity_unless_said_otherwise() -> None:
    assert_type(MemoryTransport(), MemoryTransport[ConnectionIdentity])
    assert_type(MemoryTransport(transport_name="tests"), MemoryTransport[ConnectionIdentity])
    assert_type(MemoryTransport[Device](), MemoryTransport[Device])


def the_annotation_without_a_parameter_means_the_same(transport: MemoryTransport) -> None:
    assert_type(transport, MemoryTransport[ConnectionIdentity])
    wider: ConnectionTransport[MemoryHandle, ConnectionIdentity] = transport
    assert_type(wider.get_connection_count(), int)


def an_index_says_whose_identity_it_is() -> None:
    assert_type(MemoryTransport(indexes=(SERIAL,)), MemoryTransport[Device])


def a_peer_shows_what_it_received(peer: MemoryHandle) -> None:
    assert_type(peer.received, list[JsonrpcMessage])
    assert_type(peer.closed, MemoryClose | None)
