"""An index belongs to a type of identity and has keys of one type."""

from typing import assert_type

from gatecast import (
    ACCOUNT,
    SESSION,
    AccountId,
    Index,
    TokenHash,
    notification,
)
from gatecast.identity.index import AnyIndex
from gatecast_adapters.memory import MemoryTransport
from tests.typing.samples import COUNTRY, SERIAL, Device, Serial, Visitor

HELLO = notification("hello")


def a_transport_is_made_with_indexes_over_its_identity() -> None:
    assert_type(MemoryTransport[Device](indexes=(SERIAL,)), MemoryTransport[Device])
    assert_type(MemoryTransport[Visitor](indexes=[COUNTRY, SESSION]), MemoryTransport[Visitor])
    MemoryTransport[Device](indexes=(COUNTRY,))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MemoryTransport[Device](indexes=(SERIAL, SESSION))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def the_key_is_of_the_type_that_the_index_says(
    devices: MemoryTransport[Device], serial: Serial, token_hash: TokenHash
) -> None:
    assert_type(devices.close_by(SERIAL, serial), int)
    assert_type(devices.send_by(SERIAL, serial, HELLO), int)
    devices.close_by(SERIAL, "a")  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    devices.close_by(SERIAL, token_hash)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    devices.send_by(SERIAL, None, HELLO)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def an_index_over_another_identity_is_refused(
    devices: MemoryTransport[Device], account_id: AccountId, token_hash: TokenHash
) -> None:
    devices.close_by(COUNTRY, "NL")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    devices.close_by(ACCOUNT, account_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    devices.send_by(SESSION, token_hash, HELLO)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def an_index_over_something_wider_will_do(
    visitors: MemoryTransport[Visitor], account_id: AccountId
) -> None:
    assert_type(visitors.close_by(ACCOUNT, account_id), int)
    anything = Index[object, int]("hash", int, hash)
    visitors.close_by(anything, 3)
    as_visitors: AnyIndex[Visitor] = anything
    assert_type(as_visitors.name, str)


def an_index_is_declared_with_a_function_that_gives_its_key() -> None:
    Index[Device, Serial]("serial", str, lambda device: device.serial)
    Index[Device, Serial]("serial", str, lambda device: None)
    Index[Device, Serial]("serial", str, country_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Index[Device, Serial]("serial", str, number_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Index[Device, list[str]]("serials", list, serials_of)  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]


def country_of(visitor: Visitor) -> Serial:
    return Serial(visitor.country)


def number_of(device: Device) -> int:
    return len(device.serial)


def serials_of(device: Device) -> list[str]:
    return [device.serial]


def an_index_knows_its_key(device: Device) -> None:
    assert_type(SERIAL.key_of(device), Serial | None)
