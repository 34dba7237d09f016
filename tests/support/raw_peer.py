"""LiveNodes that misbehave, which no client library does: a plain socket, and bytes."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Self

import anyio
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tests.support.waiting import PATIENCE

__all__ = ["UPGRADE", "RawPeer", "RawStream", "RawWebsocket", "chunks"]

UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
"""The header lines of a WebSocket handshake (RFC 6455 section 4.1)."""


class RawPeer:
    """One TCP connection to a server on this machine.

    It reads only when it is told to, into a small buffer: whoever doesn't call `receive` stalls.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int) -> AsyncGenerator[Self]:
        """Connect to `port`, and close in the end."""
        peer = cls()
        try:
            await asyncio.get_running_loop().sock_connect(peer._socket, ("127.0.0.1", port))
            yield peer
        finally:
            peer.close()

    async def send(self, data: bytes) -> None:
        """Send `data` as it is."""
        with anyio.fail_after(PATIENCE):
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def send_until_held_back(self, data: bytes) -> int:
        """Send `data` again and again until nothing more is taken; how many bytes were taken."""
        sent = turns_without_progress = 0
        while turns_without_progress < 100:
            with suppress(BlockingIOError):
                while True:
                    # From where the last one was cut off.
                    sent += self._socket.send(data[sent % len(data) :])
                    turns_without_progress = 0
            turns_without_progress += 1
            await asyncio.sleep(0)
        return sent

    async def receive(self) -> bytes:
        """What arrives next; nothing at the end of the connection, however it ended."""
        try:
            with anyio.fail_after(PATIENCE):
                return await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        except ConnectionError:
            return b""

    async def receive_until(self, end: bytes) -> bytes:
        """What arrives up to `end`, and maybe more; fails where the connection ends before."""
        received = bytearray()
        while end not in received[-len(end) - 65536 :]:
            chunk = await self.receive()
            assert chunk, f"the connection ended after {received[-200:]!r}"
            received += chunk
        return bytes(received)

    async def receive_all(self) -> bytes:
        """Everything until the connection ends."""
        received = bytearray()
        while chunk := await self.receive():
            received += chunk
        return bytes(received)

    @property
    def gone(self) -> bool:
        """Whether it has closed, or has vanished."""
        return self._socket.fileno() == -1

    def catch_up(self) -> None:
        """Get a larger buffer: after a stall, the kernel's timers fill a small one drop by drop."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)

    def close(self) -> None:
        """Close in the ordinary way; idempotent."""
        self._socket.close()

    def vanish(self) -> None:
        """Be gone without a farewell: the server's next packet is answered with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


class RawWebsocket(RawPeer):
    """A WebSocket whose frames are sent one by one, valid or not."""

    def __init__(self) -> None:
        super().__init__()
        self._protocol = ClientProtocol(parse_uri("ws://127.0.0.1/"), max_size=None)
        self._texts: list[str] = []

    async def ask(self, path: str) -> None:
        """Send the request for the upgrade."""
        protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1{path}"), max_size=None)
        self._protocol = protocol
        protocol.send_request(protocol.connect())
        await self._send_pending()

    async def open(self, path: str) -> None:
        """Ask for the upgrade and wait until it is granted."""
        await self.ask(path)
        while self._protocol.state is State.CONNECTING:
            await self._take()
        # It may have been closed again already.
        assert self._protocol.handshake_exc is None, self._protocol.handshake_exc

    async def send_frame(self, opcode: Opcode, data: bytes) -> None:
        """Send one frame, whatever the state of the connection."""
        await self.send(Frame(opcode, data).serialize(mask=True))

    async def texts(self, count: int) -> list[str]:
        """The next `count` messages."""
        while len(self._texts) < count:
            assert await self._take(), f"the connection ended after {len(self._texts)} messages"
        taken, self._texts = self._texts[:count], self._texts[count:]
        return taken

    async def texts_until_closed(self) -> tuple[list[str], int | None]:
        """The messages until the end of the connection, and the close code, if there was one.

        The close is answered, as RFC 6455 demands.
        """
        while await self._take():
            pass
        close = self._protocol.close_rcvd
        return self._texts, None if close is None else close.code

    async def _take(self) -> bytes:
        chunk = await self.receive()
        if chunk:
            self._protocol.receive_data(chunk)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._texts.append(bytes(event.data).decode())
        # The server may be gone before it is answered.
        with suppress(ConnectionError):
            await self._send_pending()
        return chunk

    async def _send_pending(self) -> None:
        await self.send(b"".join(self._protocol.data_to_send()))


class RawStream(RawPeer):
    """An event stream as it goes over the wire."""

    async def ask(
        self, path: str, *header_lines: str, host: str = "127.0.0.1", method: str = "GET"
    ) -> None:
        """Send the request."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *header_lines, "", ""]
        await self.send("\r\n".join(lines).encode("latin-1"))

    async def open(self, path: str) -> None:
        """Ask for the stream and wait for its first comment."""
        await self.ask(path)
        await self.receive_until(b"connected")


def chunks(encoded: bytes) -> list[bytes]:
    """The chunks of a body in chunked transfer coding (RFC 9112 section 7.1); each is one write."""
    found: list[bytes] = []
    while encoded:
        size, _, rest = encoded.partition(b"\r\n")
        length = int(size, 16)
        found.append(rest[:length])
        encoded = rest[length + 2 :]
    return found
