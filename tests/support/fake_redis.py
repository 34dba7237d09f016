"""A server that speaks the protocol of Redis, for answers that a real one gives only in trouble."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

__all__ = ["fake_redis"]

# What a client sends by itself when it connects.
_GREETINGS = {b"HELLO", b"CLIENT"}


@asynccontextmanager
async def fake_redis(answer: bytes) -> AsyncGenerator[int]:
    """Answer every command so, in RESP; yields the port. HELLO is unknown, as before Redis 6."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                name = await _read_command(reader)
                writer.write(b"-ERR unknown command\r\n" if name in _GREETINGS else answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _read_command(reader: StreamReader) -> bytes:
    parts: list[bytes] = []
    for _ in range(await _read_number(reader)):
        size = await _read_number(reader)
        parts.append((await reader.readexactly(size + 2))[:-2])
    return parts[0].upper()


async def _read_number(reader: StreamReader) -> int:
    return int((await reader.readuntil(b"\r\n"))[1:])
