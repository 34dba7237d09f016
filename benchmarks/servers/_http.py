"""The least of HTTP that a server under test needs when it has no framework below it."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from benchmarks.servers._server import Subscriber


class RequestProtocol(asyncio.Protocol):
    """Answers one request head with a fixed response head, then hands the open connection over."""

    def __init__(
        self,
        response_head: bytes,
        connections: dict[asyncio.WriteTransport, Subscriber],
    ) -> None:
        self._response_head = response_head
        self._connections = connections
        self._request = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, since uvloop's transports do not derive from asyncio's classes.
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        if self._transport in self._connections:
            return
        self._request += data
        if self._request.endswith(b"\r\n\r\n"):
            target = self._request.split(b" ", 2)[1].decode()
            self._transport.write(self._response_head)
            self._connections[self._transport] = Subscriber.from_query(urlsplit(target).query)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.pop(self._transport, None)


async def serve(
    listener: socket.socket, protocol_factory: Callable[[], asyncio.Protocol]
) -> asyncio.Server:
    """Serve `listener` with raw asyncio protocols."""
    return await asyncio.get_running_loop().create_server(protocol_factory, sock=listener)
