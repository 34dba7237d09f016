"""What may be sent, and what comes back."""

from typing import assert_type

from gatecast import (
    FilterableBroadcastTransport,
    JsonrpcErrorResponse,
    JsonrpcMessageFromClientToServer,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    JsonrpcRequest,
    JsonrpcResponse,
    Transport,
    TransportSendOptions,
    error_response,
    notification,
    parse_client_message,
    response,
)
from gatecast.messages import (
    JsonrpcMessage,
    JsonrpcRequestId,
    request,
)
from gatecast.ports import Frame
from gatecast_adapters.memory import MemoryTransport
from tests.typing.samples import Device


def builders_make_what_they_are_called() -> None:
    assert_type(request("ping", id="r"), JsonrpcRequest)
    assert_type(notification("hello", {"to": "all"}), JsonrpcNotification)
    assert_type(response(1, {"ok": True}), JsonrpcResponse)
    assert_type(error_response(None, -32700, "Parse error"), JsonrpcErrorResponse)
    request("ping")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    request("ping", id=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    notification("hello", ["all"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    response(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    error_response(1, -1, "unknown code")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def only_a_request_is_answered(transport: MemoryTransport) -> None:
    assert_type(await transport.send(request("ping", id=1)), JsonrpcErrorResponse)
    refused = transport.send(notification("hello"), TransportSendOptions(queue=True))
    assert_type(await refused, None)


def a_request_is_not_broadcast(transport: MemoryTransport, message: JsonrpcRequest) -> None:
    transport.broadcast(message)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.broadcast_filtered(message, lambda identity: True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.broadcast(response(1))
    transport.broadcast({"jsonrpc": "2.0", "method": "hello"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_transport_fits_the_ports(transport: MemoryTransport[Device]) -> None:
    port: Transport = transport
    filterable: FilterableBroadcastTransport[Device] = transport
    assert_type(port.is_ready(), bool)
    assert_type(filterable.broadcast_filtered(notification("hello"), lambda device: True), int)


def a_client_sends_requests_and_notifications_only(text: str) -> None:
    message = parse_client_message(text)
    assert_type(message, JsonrpcRequest | JsonrpcNotification | JsonrpcErrorResponse)
    if not isinstance(message, JsonrpcErrorResponse):
        takes_what_clients_send(message)
        takes_what_servers_send(message)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def takes_what_clients_send(message: JsonrpcMessageFromClientToServer) -> None: ...


def takes_what_servers_send(message: JsonrpcMessageFromServerToClient) -> None: ...


def members_have_types(message: JsonrpcRequest, failure: JsonrpcErrorResponse) -> None:
    assert_type(message.id, JsonrpcRequestId)
    assert_type(message.params, dict[str, object] | None)
    assert_type(failure.id, JsonrpcRequestId | None)
    message.id = 2


def a_frame_knows_what_an_encoder_makes(frame: Frame) -> None:
    assert_type(frame.encoded(lambda each: [each.data]), list[bytes])
    assert_type(frame.message, JsonrpcMessage)
    assert_type(frame.text, str)
