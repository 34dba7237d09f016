"""The limit of asyncio: a bare protocol and `transport.write` of a frame that was built once."""

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Final

from benchmarks.message import Message
from benchmarks.servers._http import RequestProtocol, serve
from benchmarks.servers._server import Options, Predicate, Server, Subscriber, run

# The load generator always sends the example key of RFC 6455, section 1.3.
_UPGRADE: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


class RawWebSocket(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connections: dict[asyncio.WriteTransport, Subscriber] = {}

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    async def start(self, listener: socket.socket) -> None:
        await serve(listener, lambda: RequestProtocol(_UPGRADE, self._connections))

    async def broadcast(self, message: Message) -> None:
        self._write_to_all(_text_frame(message))

    async def broadcast_burst(self, messages: Sequence[Message]) -> None:
        self._write_to_all(b"".join(map(_text_frame, messages)))

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        frame = _text_frame(message)
        for transport, subscriber in self._connections.items():
            if predicate(subscriber):
                transport.write(frame)

    def _write_to_all(self, data: bytes) -> None:
        for transport in self._connections:
            transport.write(data)


def _text_frame(message: Message) -> bytes:
    payload = message.text.encode()
    if len(payload) < 126:
        return struct.pack("!BB", 0x81, len(payload)) + payload
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


if __name__ == "__main__":
    run(RawWebSocket)
