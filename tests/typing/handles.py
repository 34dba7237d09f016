"""Whatever can send a frame and be closed is a handle; nothing else is."""

from typing import assert_type

from gatecast import (
    Connection,
    ConnectionTransport,
)
from gatecast.ports import (
    ConnectionHandle,
    Ending,
    Frame,
    Runtime,
)
from tests.typing.samples import Device


class Handle:
    def send(self, frame: Frame) -> None: ...

    def close(self, ending: Ending) -> None: ...


class Unclosable:
    def send(self, frame: Frame) -> None: ...


class Awaited:
    async def send(self, frame: Frame) -> None: ...

    async def close(self, ending: Ending) -> None: ...


def takes_a_handle(handle: ConnectionHandle) -> None: ...


def a_handle_is_structural(runtime: Runtime) -> None:
    takes_a_handle(Handle())
    transport = ConnectionTransport[Handle, Device]("own", runtime=runtime)
    assert_type(transport.get_connections(), list[Connection[Handle, Device]])
    transport.remove_connection(Handle())


def what_can_not_be_closed_is_no_handle(runtime: Runtime) -> None:
    takes_a_handle(Unclosable())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ConnectionTransport[Unclosable, Device]("own", runtime=runtime)  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]


def what_has_to_be_awaited_is_no_handle() -> None:
    takes_a_handle(Awaited())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
