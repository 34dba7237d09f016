"""Your own adapter: messages are lines of JSON over TCP, and the first line is a ticket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from typing_extensions import Unpack

from gatecast import ConnectionIdentity, ConnectionTransport, OutboxLimits, notification
from gatecast.connections import TransportOptions
from gatecast.errors import HandleClosedError
from gatecast.ports import Ending, Frame, Outbox
from gatecast_adapters.event_loop import RUNTIME

GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.BrokenResourceError)
Identify = Callable[[str], Awaitable[ConnectionIdentity | None]]
Options = TransportOptions[ConnectionIdentity]


class LineHandle:
    """One socket. `send` and `close` return at once; `write` waits for the peer."""

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

    def close(self, ending: Ending) -> None:
        """As `ConnectionHandle.close`."""
        if self._farewell is None:
            self._outbox.clear()
            farewell = {"code": ending.code, "reason": ending.reason}
            self._farewell = Frame(notification("close", farewell))
            self._serving.deadline = anyio.current_time() + self._close_timeout
            self._to_write.release()

    async def write(self, stream: SocketStream) -> None:
        """Write what was accepted and last the close; then end, whether or not that went out."""
        with suppress(anyio.BrokenResourceError):
            while self._farewell is None:
                await self._to_write.acquire()
                if self._outbox:
                    await stream.send(self._outbox.pop().data + b"\n")
            await stream.send(self._farewell.data + b"\n")
        self._serving.cancel()


class LineTransport(ConnectionTransport[LineHandle, ConnectionIdentity]):
    """Registry, broadcast and revocation are inherited; this adds the sockets."""

    def __init__(self, limits: OutboxLimits, timeout: float, **options: Unpack[Options]) -> None:
        super().__init__("lines", runtime=RUNTIME, **options)
        self._limits, self._close_timeout = limits, timeout

    async def serve(self, identify: Identify, stream: SocketStream) -> None:
        """Serve one socket to its end. A client sends a ticket, and then only reads."""
        async with stream, anyio.create_task_group() as tasks:
            handle = LineHandle(tasks.cancel_scope, self._limits, self._close_timeout)
            tasks.start_soon(handle.write, stream)
            try:
                with suppress(*GONE):
                    ticket = await BufferedByteReceiveStream(stream).receive_until(b"\n", 256)
                    with self.adapter.admit() as admission:
                        if (identity := await identify(ticket.decode(errors="replace"))) is None:
                            self.adapter.refused(Ending.NOT_AUTHENTICATED)
                            handle.close(Ending.NOT_AUTHENTICATED)
                        else:
                            self.adapter.let_in(handle, identity, admission)
                    await stream.receive()
                tasks.cancel_scope.cancel()
            finally:
                self.adapter.left(handle)
