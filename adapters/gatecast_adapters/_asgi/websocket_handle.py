"""The handle of one WebSocket: a frame that all peers share goes out as it is."""

from __future__ import annotations

from asyncio import WriteTransport

from starlette.types import Message
from starlette.websockets import WebSocket
from typing_extensions import override

from gatecast.messages.frame import Frame
from gatecast_adapters._asgi.handle import AsgiHandle, Delivery
from gatecast_adapters._asgi.uvicorn_shared import find_open_websocket
from gatecast_adapters._websocket_frames import shared_below, text_frame

__all__ = ["WebsocketHandle"]


class WebsocketHandle(AsgiHandle):
    """One accepted WebSocket."""

    __slots__ = ("_below", "_transport")

    def __init__(self, websocket: WebSocket, delivery: Delivery) -> None:
        # The public `websocket.send` only adds a state machine that this handle has no use for,
        # and hides the server beneath it.
        super().__init__(websocket._send, delivery, _text_event)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._transport: WriteTransport | None = None
        if (connection := find_open_websocket(self._server)) is not None:
            self._transport = connection.transport
            self._below = shared_below(connection.conn.extensions)
            websocket._send = self._send_for_app  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    async def _send_for_app(self, message: Message) -> None:
        """What the app sends itself. Its own close is the one that leaves the transport open."""
        if message["type"] == "websocket.close":
            self._transport = None
        await self._send(message)

    @override
    def send(self, frame: Frame) -> None:
        transport = self._transport
        # Few objects are looked at, since none of them is in a cache when a broadcast comes by, and
        # the transport is needed anyway. It is closing whenever uvicorn would refuse a message.
        if (
            not self._direct
            or transport is None
            or transport.is_closing()
            or transport.get_write_buffer_size()
            or len(frame.data) >= self._below
        ):
            AsgiHandle.send(self, frame)  # `super()` is looked up anew at every call.
        else:
            transport.write(frame.encoded(text_frame))

    @override
    def _close_event(self, code: int, reason: str) -> Message:
        return {"type": "websocket.close", "code": code, "reason": reason}


def _text_event(frame: Frame) -> Message:
    return {"type": "websocket.send", "text": frame.text}
