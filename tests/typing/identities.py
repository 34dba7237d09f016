"""A custom identity flows through the whole transport, and brings the verbs that it is able to."""

from dataclasses import dataclass
from typing import assert_type

from gatecast import (
    AccountId,
    Admission,
    ApiTokenId,
    Connection,
    ConnectionId,
    ConnectionIdentity,
    TokenHash,
    notification,
)
from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from tests.typing.samples import Device, Serial, Visitor

HELLO = notification("hello")


@dataclass(frozen=True)
class Guest:
    """An identity with a session and nothing else."""

    token_hash: TokenHash


@dataclass(frozen=True)
class Numbered:
    """An identity whose account is of another type than an `AccountId`."""

    account_id: int


def a_custom_identity_flows_through(
    devices: MemoryTransport[Device], device: Device, connection_id: ConnectionId
) -> None:
    assert_type(devices.connect(device), MemoryHandle)
    assert_type(devices.add_connection(MemoryHandle(), device), ConnectionId)
    assert_type(devices.get_connections(), list[Connection[MemoryHandle, Device]])
    assert_type(devices.get_connections()[0].identity.serial, Serial)
    assert_type(devices.admit(), Admission[Device])
    assert_type(devices.rotate_identity(connection_id, device), bool)


def an_identity_of_another_type_is_refused(
    devices: MemoryTransport[Device],
    visitors: MemoryTransport[ConnectionIdentity],
    identity: ConnectionIdentity,
    visitor: Visitor,
    connection_id: ConnectionId,
) -> None:
    visitors.connect(visitor)
    devices.connect(identity)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    devices.add_connection(MemoryHandle(), identity)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    devices.rotate_identity(connection_id, identity)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def an_admission_is_for_one_type_of_identity(
    devices: MemoryTransport[Device], admission: Admission[ConnectionIdentity], device: Device
) -> None:
    devices.add_connection(MemoryHandle(), device, admission=admission)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def an_identity_without_the_attribute_lacks_the_verb(
    devices: MemoryTransport[Device],
    account_id: AccountId,
    token_hash: TokenHash,
    api_token_id: ApiTokenId,
) -> None:
    devices.close_sockets_for_session(token_hash)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    devices.close_sockets_for_account(account_id)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    devices.close_sockets_for_token(api_token_id)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    devices.send_to_account(account_id, HELLO)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def an_identity_has_the_verbs_that_its_attributes_allow(
    guests: MemoryTransport[Guest], account_id: AccountId, token_hash: TokenHash
) -> None:
    assert_type(guests.close_sockets_for_session(token_hash), int)
    guests.close_sockets_for_account(account_id)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def an_attribute_of_another_type_brings_no_verb(
    numbered: MemoryTransport[Numbered], account_id: AccountId
) -> None:
    numbered.close_sockets_for_account(account_id)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def a_richer_identity_has_all_the_verbs(
    visitors: MemoryTransport[Visitor],
    account_id: AccountId,
    token_hash: TokenHash,
    api_token_id: ApiTokenId,
) -> None:
    assert_type(visitors.close_sockets_for_session(token_hash), int)
    assert_type(visitors.close_sockets_for_account(account_id), int)
    assert_type(visitors.close_sockets_for_token(api_token_id), int)
    assert_type(visitors.send_to_account(account_id, HELLO), int)
