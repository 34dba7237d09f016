"""The WebSocket transport as an app makes it."""

from typing import assert_type

from starlette.websockets import WebSocket

from gatecast import (
    ConnectionIdentity,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
)
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming
from tests.typing.samples import SERIAL, Device, Serial


async def device_of(websocket: WebSocket) -> Device | None:
    serial = websocket.headers.get("serial")
    return None if serial is None else Device(Serial(serial))


async def connection_of(websocket: WebSocket) -> ConnectionIdentity | None:
    raise NotImplementedError


async def answer(incoming: Incoming[Device]) -> JsonrpcMessageFromServerToClient | None:
    assert_type(incoming.identity.serial, Serial)
    return incoming.message if isinstance(incoming.message, JsonrpcNotification) else None


async def answer_a_connection(incoming: Incoming) -> None:
    assert_type(incoming.identity, ConnectionIdentity)


def the_identity_is_connection_identity_unless_said_otherwise() -> None:
    assert_type(BackendWebsocketTransport(), BackendWebsocketTransport[ConnectionIdentity])
    assert_type(BackendWebsocketTransport[Device](), BackendWebsocketTransport[Device])


def an_index_says_whose_identity_it_is() -> None:
    assert_type(BackendWebsocketTransport(indexes=(SERIAL,)), BackendWebsocketTransport[Device])


async def the_callbacks_are_about_the_transports_identity(
    devices: BackendWebsocketTransport[Device], websocket: WebSocket
) -> None:
    await devices.serve(websocket, identify=device_of, on_message=answer)
    await devices.serve(websocket, identify=connection_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await devices.serve(websocket, identify=device_of, on_message=answer_a_connection)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
