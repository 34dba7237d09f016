"""A proxy between a client and a server on this machine, with the faults of a network."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext

__all__ = ["TcpProxy"]


class TcpProxy:
    """Passes bytes on, unless it is told otherwise.

    A black hole keeps what goes into it, as TCP does while packets are lost: once it is healed,
    the old bytes arrive on every connection that still is there.
    """

    def __init__(self, target: int, tls: SSLContext | None) -> None:
        self._target = target
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[StreamWriter] = set()
        self._to_server = _Way()
        self._to_client = _Way()
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int, *, tls: SSLContext | None = None) -> AsyncGenerator[TcpProxy]:
        """Listen on a free port for connections to `port`; with `tls`, it ends here."""
        proxy = cls(port, tls)
        await proxy.accept()
        try:
            yield proxy
        finally:
            proxy.refuse()
            for task in (tasks := tuple(proxy._tasks)):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def accept(self) -> None:
        """Take connections again, on the same port."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Take no new connections; open ones go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def retarget(self, port: int) -> None:
        """Lead new connections to another server; open ones stay where they are."""
        self._target = port

    def swallow_requests(self) -> None:
        """Nothing reaches the server any more."""
        self._to_server.open.clear()

    def swallow_answers(self) -> None:
        """Nothing reaches the client any more."""
        self._to_client.open.clear()

    def swallow_one_answer(self) -> asyncio.Event:
        """The next answer, and the rest of its connection, never arrives; set once it has begun."""
        swallowed = asyncio.Event()
        self._to_client.swallow_next = swallowed
        return swallowed

    def delay_answers(self, seconds: float) -> None:
        """Every answer takes as long from now on."""
        self._to_client.delay = seconds

    def heal(self) -> None:
        """Let everything pass again."""
        self._to_server.open.set()
        self._to_client.open.set()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(writer)
        ends = (writer, to_server)
        self._start(self._to_server.pass_on(reader, to_server), ends)
        self._start(self._to_client.pass_on(from_server, writer), ends)

    def _start(self, work: Coroutine[object, object, None], ends: tuple[StreamWriter, ...]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended(ends))

    def _ended(self, ends: tuple[StreamWriter, ...]) -> Callable[[asyncio.Task[None]], None]:
        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            for writer in ends:
                self._writers.discard(writer)
                writer.close()

        return end


class _Way:
    """One direction, of all connections."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.delay = 0.0
        self.swallow_next: asyncio.Event | None = None

    async def pass_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay)
                if self.swallow_next is not None:
                    self.swallow_next.set()
                    self.swallow_next = None
                    await asyncio.Event().wait()
                await self.open.wait()
                if writer.is_closing():
                    return
                writer.write(data)
                await writer.drain()
