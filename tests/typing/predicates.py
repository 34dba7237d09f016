"""A predicate is asked about the identities of its own transport, and answers with a bool."""

from typing import assert_type

from gatecast import (
    ConnectionIdentity,
    HasAccount,
    Predicate,
    notification,
)
from gatecast_adapters.memory import MemoryTransport
from tests.typing.samples import Device, Serial, Visitor

HELLO = notification("hello")


def of_device(identity: Device) -> bool:
    return identity.serial == Serial("a")


def of_connection(identity: ConnectionIdentity) -> bool:
    return identity.token_hash is None


def of_account(identity: HasAccount) -> bool:
    return identity.account_id.version == 4


def of_anything(identity: object) -> bool:
    return bool(identity)


async def awaited(identity: Device) -> bool:
    return bool(identity)


def without_answer(identity: Device) -> str:
    return identity.serial


async def every_verb_asks_about_its_own_identity(
    devices: MemoryTransport[Device],
) -> None:
    assert_type(devices.broadcast_filtered(HELLO, of_device), int)
    assert_type(devices.close_where(of_device), int)
    assert_type(await devices.broadcast_spread(HELLO, of_device), int)
    devices.broadcast_filtered(HELLO, of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    devices.close_where(of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await devices.broadcast_spread(HELLO, of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_predicate_over_something_wider_will_do(
    devices: MemoryTransport[Device], visitors: MemoryTransport[Visitor]
) -> None:
    devices.broadcast_filtered(HELLO, of_anything)
    visitors.broadcast_filtered(HELLO, of_connection)
    visitors.broadcast_filtered(HELLO, of_account)
    devices.broadcast_filtered(HELLO, of_account)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_lambda_knows_the_identity(
    devices: MemoryTransport[Device], visitors: MemoryTransport[Visitor]
) -> None:
    devices.broadcast_filtered(HELLO, lambda identity: identity.serial == "a")
    visitors.close_where(lambda identity: identity.country == "NL")
    devices.broadcast_filtered(HELLO, lambda identity: identity.country == "NL")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]


def a_predicate_answers_at_once_and_with_a_bool(devices: MemoryTransport[Device]) -> None:
    devices.broadcast_filtered(HELLO, awaited)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    devices.broadcast_filtered(HELLO, without_answer)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def the_alias_names_the_identity(predicate: Predicate[Device], device: Device) -> None:
    assert_type(predicate(device), bool)
