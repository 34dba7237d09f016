"""Many clients at once, each of which reads to the end and tells how it ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import anyio
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedOK

from tests.support.clients import Close
from tests.support.raw_peer import chunks
from tests.support.waiting import PATIENCE

__all__ = ["Crowd", "StreamEnd"]

_AT_ONCE: Final = 100
"""How many connect at the same time; a server's backlog is finite."""


class StreamEnd(NamedTuple):
    """How the server ended a stream."""

    close: Close
    retry: int
    """Milliseconds after which a browser would come back."""


class Crowd:
    """Clients of one server that connect, a hundred at a time, and stay until they are closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._turnstile = asyncio.Semaphore(_AT_ONCE)
        self._connected = 0

    async def arrived(self, count: int) -> None:
        """Wait until `count` clients are connected."""
        with anyio.fail_after(6 * PATIENCE):
            while self._connected < count:  # noqa: ASYNC110  # it is bounded
                await asyncio.sleep(0.01)

    async def socket(self) -> Close:
        """Be a client of the `websockets` library; fails if there is no proper close handshake."""
        async with self._entering():
            connection = await connect(f"ws://127.0.0.1:{self._port}/socket?as=bob", proxy=None)
        with pytest.raises(ConnectionClosedOK) as end:
            await connection.recv()
        close = end.value.rcvd
        assert close is not None
        return Close(close.code, close.reason)

    async def stream(self) -> StreamEnd:
        """Be a client that reads bytes; fails if the chunked body is not whole, or was reset."""
        async with self._entering():
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(b"GET /stream?as=bob HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
        body = await reader.read()
        writer.close()
        *blocks, end = chunks(body)
        assert end == b"", "the body is not whole"
        return _stream_end(blocks[-1].decode())

    @asynccontextmanager
    async def _entering(self) -> AsyncGenerator[None]:
        async with self._turnstile:
            yield
        self._connected += 1


def _stream_end(block: str) -> StreamEnd:
    fields = dict(line.split(": ", 1) for line in block.splitlines() if line)
    assert fields["event"] == "close", block
    return StreamEnd(Close(**json.loads(fields["data"])), int(fields["retry"]))
