"""The options that all transports share are checked, whether one by one or as a dictionary."""

from collections.abc import Callable
from typing import assert_type
from uuid import UUID, uuid4

from gatecast import (
    ConnectionIdentity,
    DroppedConnection,
)
from gatecast.connections import TransportOptions
from gatecast.ports import OnDrop
from gatecast_adapters.memory import MemoryTransport
from tests.typing.samples import COUNTRY, SERIAL, Device, Serial


def of_device(dropped: DroppedConnection[Device]) -> None:
    assert_type(dropped.identity.serial, Serial)


def of_connection(dropped: DroppedConnection[ConnectionIdentity]) -> None:
    assert_type(dropped.error, Exception)


def of_anything(dropped: DroppedConnection[object]) -> None:
    assert_type(dropped.identity, object)


def options_are_checked_one_by_one() -> None:
    MemoryTransport[Device](on_drop=of_device, new_id=uuid4, max_admission_seconds=5)
    MemoryTransport[Device](on_drop=of_anything)
    MemoryTransport[Device](on_drop=of_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MemoryTransport[Device](new_id=str)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MemoryTransport[Device](max_admission_seconds="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MemoryTransport[Device](max_admision_seconds=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def options_are_checked_as_a_dictionary(shared: TransportOptions[Device]) -> None:
    assert_type(MemoryTransport[Device](**shared), MemoryTransport[Device])
    MemoryTransport[ConnectionIdentity](**shared)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    good: TransportOptions[Device] = {"indexes": (SERIAL,), "on_drop": of_device}
    bad: TransportOptions[Device] = {"indexes": (COUNTRY,)}  # type: ignore[typeddict-item]  # pyright: ignore[reportAssignmentType]
    assert_type(good.get("on_drop"), OnDrop[Device] | None)
    assert_type(bad.get("new_id"), Callable[[], UUID] | None)
