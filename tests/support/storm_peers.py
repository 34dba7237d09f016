"""The peers of the storm: each tells which messages it received, and how it ended."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.raw_peer import RawPeer, RawStream, RawWebsocket

__all__ = ["Peer", "SocketReader", "SocketStaller", "Staller", "StreamReader", "StreamStaller"]

_NUMBER: Final = re.compile(rb'"number":(\d+)')
_CODE: Final = re.compile(rb'event: close\ndata: \{"code": (\d+)')


class Peer(ABC):
    """One client, who is `label`."""

    def __init__(self, label: str, query: str) -> None:
        self.label = label
        self.query = query
        self.arrived = False
        self.vanished = False
        self.numbers: list[int] = []
        self.close_code: int | None = None
        """The code that the server closed it with, if it was told."""

    @abstractmethod
    async def live(self, port: int) -> None:
        """Connect, and read to the end."""

    @abstractmethod
    def vanish(self) -> None:
        """Be gone without a farewell."""

    def _note(self, received: bytes) -> None:
        self.numbers += [int(number) for number in _NUMBER.findall(received)]
        if close := _CODE.search(received):
            self.close_code = int(close[1])


class SocketReader(Peer):
    """A client of the `websockets` library."""

    _connection: ClientConnection

    async def live(self, port: int) -> None:
        self._connection = await connect(
            f"ws://127.0.0.1:{port}/socket?{self.query}",
            proxy=None,
            ping_interval=None,
            compression=None,
        )
        self.arrived = True
        try:
            while True:
                self._note(await self._connection.recv(decode=False))
        except ConnectionClosed:
            pass
        self.close_code = self._connection.close_code

    def vanish(self) -> None:
        self.vanished = True
        self._connection.transport.abort()


class StreamReader(Peer):
    """A client that reads a stream line by line."""

    _writer: asyncio.StreamWriter

    async def live(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(b"GET /stream?%b HTTP/1.1\r\nHost: h\r\n\r\n" % self.query.encode())
        await reader.readuntil(b": connected\n\n")
        self.arrived = True
        try:
            body = await reader.read()
        except ConnectionError:
            body = b""
        self._note(body)
        self._writer.close()

    def vanish(self) -> None:
        self.vanished = True
        self._writer.transport.abort()


class Staller(Peer):
    """A peer that reads nothing until it is woken."""

    def __init__(self, label: str, query: str) -> None:
        super().__init__(label, query)
        self.woken = asyncio.Event()
        self._socket: RawPeer | None = None

    def vanish(self) -> None:
        assert self._socket is not None
        self.vanished = True
        self._socket.vanish()
        self.woken.set()

    async def _stall(self, peer: RawPeer) -> None:
        self._socket = peer
        self.arrived = True
        await self.woken.wait()
        if not self.vanished:
            peer.catch_up()


class SocketStaller(Staller):
    """A socket whose peer doesn't read."""

    async def live(self, port: int) -> None:
        async with RawWebsocket.to(port) as peer:
            await peer.open(f"/socket?{self.query}")
            await self._stall(peer)
            if not self.vanished:
                texts, self.close_code = await peer.texts_until_closed()
                self._note("".join(texts).encode())


class StreamStaller(Staller):
    """A stream whose peer doesn't read."""

    async def live(self, port: int) -> None:
        async with RawStream.to(port) as peer:
            await peer.ask(f"/stream?{self.query}")
            beginning = await peer.receive_until(b"connected")
            await self._stall(peer)
            if not self.vanished:
                self._note(beginning + await peer.receive_all())
