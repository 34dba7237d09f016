"""An adapter of one's own: messages are lines of JSON over TCP, and the first line is a ticket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from gatecast import (
    ConnectionIdentity,
    ConnectionTransport,
    Frame,
    HandleClosedError,
    OnDrop,
    Outbox,
    OutboxLimits,
    notification,
)
from gatecast_adapters.event_loop import HOST

GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.BrokenResourceError)
Identify = Callable[[str], Awaitable[ConnectionIdentity | None]]


class LineHandle:
    """One socket. `send` and `close` return at once; `write` does the waiting."""

    def __init__(self, serving: anyio.CancelScope, limits: OutboxLimits, timeout: float) -> None:
        self._serving, self._close_timeout = serving, timeout
        self._outbox, self._to_write = Outbox(limits), anyio.Semaphore(0)
        self._farewell: Frame | None = None

    @property
    def pending(self) -> int:
        """As `FlushableHandle.pending`."""
        return len(self._outbox)

    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        if self._farewell is not None:
            raise HandleClosedError
        self._outbox.push(frame)
        self._to_write.release()

    def close(self, code: int, reason: str) -> None:
        """As `ConnectionHandle.close`."""
        if self._farewell is None:
            self._outbox.clear()
            self._farewell = Frame(notification("close", {"code": code, "reason": reason}))
            self._serving.deadline = anyio.current_time() + self._close_timeout
            self._to_write.release()

    async def write(self, stream: SocketStream) -> None:
        """Write what is sent, then the farewell; whether or not it gets out, that was it."""
        with suppress(anyio.BrokenResourceError):
            while self._farewell is None:
                await self._to_write.acquire()
                if self._outbox:
                    await stream.send(self._outbox.pop().data + b"\n")
            await stream.send(self._farewell.data + b"\n")
        self._serving.cancel()


class LineTransport(ConnectionTransport[LineHandle, ConnectionIdentity]):
    """Registry, broadcast and revocation are inherited; this adds the sockets."""

    def __init__(
        self, limits: OutboxLimits, close_timeout: float, on_drop: OnDrop[ConnectionIdentity]
    ) -> None:
        super().__init__("lines", host=HOST, on_drop=on_drop)
        self._limits, self._close_timeout = limits, close_timeout

    async def serve(self, identify: Identify, stream: SocketStream) -> None:
        """Serve one socket to its end. A client sends a ticket, and after that only reads."""
        async with stream, anyio.create_task_group() as tasks:
            handle = LineHandle(tasks.cancel_scope, self._limits, self._close_timeout)
            tasks.start_soon(handle.write, stream)
            try:
                with suppress(*GONE):
                    ticket = await BufferedByteReceiveStream(stream).receive_until(b"\n", 256)
                    with self.admit() as admission:
                        identity = await identify(ticket.decode(errors="replace"))
                        if identity is None:
                            handle.close(1008, "Not authenticated")
                        else:
                            self.let_in(handle, identity, admission)
                    await stream.receive()
                tasks.cancel_scope.cancel()
            finally:
                self.remove_connection(handle)
