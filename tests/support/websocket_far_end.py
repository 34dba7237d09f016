"""The peer's end of a WebSocket for the contract suite: the client of `websockets`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gatecast_contracts import Closed, Received

__all__ = ["Connect", "WebsocketFarEnd", "connecting"]


class WebsocketFarEnd:
    """One connection; of one that was refused, there is no client."""

    def __init__(self, client: ClientConnection | None) -> None:
        self._client = client

    async def receive(self) -> Received:
        if self._client is None:
            return Closed(1006, "")
        try:
            text = await self._client.recv(decode=True)
        except ConnectionClosed:
            return Closed(self._client.close_code or 1006, self._client.close_reason or "")
        return text

    async def stall(self) -> None:
        if self._client is not None:
            self._client.transport.pause_reading()

    async def resume(self) -> None:
        if self._client is not None:
            self._client.transport.resume_reading()

    async def vanish(self) -> None:
        if self._client is not None:
            self._client.transport.abort()

    async def reconnect(self) -> bool:
        return False


Connect: TypeAlias = Callable[[str], Awaitable[WebsocketFarEnd]]
"""Opens a connection with this ticket."""


@asynccontextmanager
async def connecting(port: int) -> AsyncGenerator[Connect]:
    """Opens connections to a server on this machine, `/?as=ticket`; cuts off all in the end."""
    far_ends: list[WebsocketFarEnd] = []

    async def open_far_end(ticket: str) -> WebsocketFarEnd:
        far_end = WebsocketFarEnd(await _open(port, f"/?as={ticket}"))
        far_ends.append(far_end)
        return far_end

    try:
        yield open_far_end
    finally:
        for far_end in far_ends:
            await far_end.vanish()


async def _open(port: int, path: str) -> ClientConnection | None:
    stream = socket.socket()
    stream.setblocking(False)
    # Soon full, so that a peer which doesn't read has stalled soon.
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(stream, ("127.0.0.1", port))
    try:
        return await connect(
            f"ws://127.0.0.1{path}",
            sock=stream,
            compression=None,
            ping_interval=None,
            max_size=None,
            proxy=None,
        )
    except InvalidStatus:
        return None
