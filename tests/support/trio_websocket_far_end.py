"""As `websocket_far_end`, on trio: the other client of `websockets`."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import trio
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from gatecast_contracts import Closed, FarEnd, Received

if TYPE_CHECKING:
    from websockets.trio.client import ClientConnection

__all__ = ["Connect", "TrioWebsocketFarEnd", "connecting"]

_NO_FAREWELL = struct.pack("ii", 1, 0)


class TrioWebsocketFarEnd(FarEnd):
    """One connection; of one that was refused, there is no client."""

    def __init__(self, stream: trio.SocketStream, client: ClientConnection | None) -> None:
        self._stream = stream
        self._client = client

    async def receive(self) -> Received:
        if self._client is None:
            return Closed(1006, "")
        try:
            return await self._client.recv(decode=True)
        except ConnectionClosed:
            await self._client.wait_closed()
            return Closed(self._client.close_code or 1006, self._client.close_reason or "")

    async def stall(self) -> None:
        if self._client is not None:
            self._client.pause_reading()

    async def resume(self) -> None:
        if self._client is not None:
            self._client.resume_reading()

    async def vanish(self) -> None:
        if self._stream.socket.fileno() != -1:
            self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
        await trio.aclose_forcefully(self._stream)


Connect: TypeAlias = Callable[[str], Awaitable[TrioWebsocketFarEnd]]
"""Opens a connection with this ticket."""


@asynccontextmanager
async def connecting(port: int) -> AsyncGenerator[Connect]:
    """Opens connections to a server on this machine, `/?as=ticket`; cuts off all in the end."""
    far_ends: list[TrioWebsocketFarEnd] = []

    async def open_far_end(ticket: str) -> TrioWebsocketFarEnd:
        far_end = await _open(port, f"/?as={ticket}", nursery)
        far_ends.append(far_end)
        return far_end

    async with trio.open_nursery() as nursery:
        try:
            yield open_far_end
        finally:
            for far_end in far_ends:
                await far_end.vanish()
            # A client that has stalled does not see its own end.
            nursery.cancel_scope.cancel()


async def _open(port: int, path: str, nursery: trio.Nursery) -> TrioWebsocketFarEnd:
    # Here, since `websockets` 15 has none, and whoever needs none may import this module.
    from websockets.trio.client import connect

    connection = trio.socket.socket()
    # Soon full, so that a peer which doesn't read has stalled soon.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await connection.connect(("127.0.0.1", port))
    stream = trio.SocketStream(connection)
    opening = connect(
        f"ws://127.0.0.1{path}",
        stream=stream,
        compression=None,
        ping_interval=None,
        max_size=None,
        proxy=None,
    )
    try:
        return TrioWebsocketFarEnd(stream, await opening.connect(nursery))
    except InvalidHandshake:
        return TrioWebsocketFarEnd(stream, None)
