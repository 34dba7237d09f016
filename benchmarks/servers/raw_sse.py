"""The limit of asyncio for Server-Sent Events: `transport.write` of a chunk that was built once."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

from benchmarks.message import Message
from benchmarks.servers._http import RequestProtocol, serve
from benchmarks.servers._server import Options, Server, Subscriber, run

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


class RawSse(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connections: dict[asyncio.WriteTransport, Subscriber] = {}

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    async def start(self, listener: socket.socket) -> None:
        await serve(listener, lambda: RequestProtocol(_HEAD, self._connections))

    async def broadcast(self, message: Message) -> None:
        self._write_to_all(_chunk(message))

    async def broadcast_burst(self, messages: Sequence[Message]) -> None:
        self._write_to_all(b"".join(map(_chunk, messages)))

    def _write_to_all(self, data: bytes) -> None:
        for transport in self._connections:
            transport.write(data)


def _chunk(message: Message) -> bytes:
    event = f"data: {message.text}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


if __name__ == "__main__":
    run(RawSse)
