"""The handle that both native adapters build on: written to directly, held back when the peer lags.

A frame goes to the event loop's transport where it is broadcast, as the same bytes for every
connection. Further frames of one turn are held back and go out as one write (`_turns`). While the
transport's buffer is above its high-water mark, frames wait in the bounded outbox, where a
revocation still discards them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from typing import Final

from typing_extensions import override

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import Outbox
from gatecast_adapters._life import HandleSettings, Happening, Life, State
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames, text_frame

__all__ = ["NativeHandle"]

# A member that is looked up in its class costs far more in Python 3.11.
_READY: Final = State.READY

# Bytes from which on frames are left for the next write, since a revocation can't take back what
# has been written.
_LARGEST_WRITE: Final = 64 * 1024

_NOTHING: Final = nullcontext()


class NativeHandle(Life):
    """One open WebSocket whose frames are made here.

    `transport` is its socket's. Messages of fewer bytes than `shared_below` are the same bytes for
    all connections. An adapter's own handle knows the rest of its server.
    """

    __slots__ = ("_serving", "_shared_below", "_transport", "_turn", "_turns")

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        settings: HandleSettings,
        turns: Turns[TextFrames],
        shared_below: int = sys.maxsize,
    ) -> None:
        super().__init__(settings)
        self._transport = transport
        self._shared_below = shared_below
        self._turns = turns
        self._turn = -1
        self._serving: asyncio.Timeout | None = None

    # What an adapter's handle fills in

    async def receive(self) -> str | bytes | None:
        """Wait for the next message of the peer; `None` once the connection is gone."""
        raise NotImplementedError

    def _keeps_up(self) -> bool:
        """Whether the server takes a frame now; raises `HandleClosedError` if it never will."""
        raise NotImplementedError

    def _encode_alone(self, frame: Frame) -> bytes:
        """`frame` as it goes over the wire of this connection now."""
        raise NotImplementedError

    def _notify(self, code: int, reason: str) -> None:
        """Hand a close frame to the server, if it has not sent one by itself."""
        raise NotImplementedError

    def _disconnect(self) -> None:
        """Drop the connection at once, with whatever is still buffered for the peer."""
        raise NotImplementedError

    # The port

    @property
    def pending(self) -> int:
        """How many frames wait for the peer to read on, or for the turn to end."""
        return 0 if self._outbox is None else len(self._outbox)

    @override
    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        turns = self._turns
        if self.state is not _READY or self._turn == turns.current or not self._keeps_up():
            self._hold(frame)
            return
        self._turn = turns.current
        if not turns.ending:
            turns.end_soon()
        try:
            # `_wire`, written out: this is where a broadcast spends its time.
            if len(frame.data) < self._shared_below:
                self._transport.write(frame.encoded(text_frame))
            else:
                self._transport.write(self._encode_alone(frame))
        except (OSError, RuntimeError) as error:
            self._end(Happening.FAILED)
            raise HandleClosedError from error

    @override
    def close(self, ending: Ending) -> None:
        """As `ConnectionHandle.close`."""
        if self._end(Happening.CLOSED):
            self._notify(ending.code, ending.reason)
            self.on(Happening.NOTIFIED)

    # Delivery

    def flush(self) -> None:
        """Send what was held back, as far as the server takes it."""
        try:
            while self.is_open and self._outbox and self._keeps_up():
                frames = _next(self._outbox)
                joined = self._turns.join(frames)
                if joined.largest < self._shared_below:
                    self._transport.write(joined.data)
                else:
                    self._transport.write(b"".join(map(self._wire, frames)))
        except Exception as error:  # noqa: BLE001  # It is this connection's; others are flushed next.
            self._fail(error)
        if self.is_open:
            self.on(Happening.LAGGED if self._outbox else Happening.CAUGHT_UP)

    def _wire(self, frame: Frame) -> bytes:
        if len(frame.data) < self._shared_below:
            return frame.encoded(text_frame)
        return self._encode_alone(frame)

    def _hold(self, frame: Frame) -> None:
        try:
            self._queue(frame)
        except SlowConsumerError:
            self.flush()  # It may be the turn that is long, and not the peer that is slow.
            self._queue(frame)
        if self.state is _READY:
            self.on(Happening.HELD)
            if not self._turns.ending:
                self._turns.end_soon()
            self._turns.flush_at_end(self)

    # What the task that serves the connection calls

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[None]:
        """Serve the connection within this: it ends when the peer has not taken its close."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as self._serving:
                yield

    def answering(self) -> AbstractContextManager[None]:
        """Answer a message within this; all that is served ends at the deadline."""
        return _NOTHING

    def release(self) -> None:
        """The connection is no longer served."""
        self._leave()

    @override
    def abort(self) -> None:
        """Drop the connection at once: its peer has not taken its close in time."""
        self._disconnect()
        if self._serving is not None:
            self._serving.reschedule(0)


def _next(outbox: Outbox) -> list[Frame]:
    """Take the oldest frames of `outbox`, as many as are written at once."""
    if outbox.size <= _LARGEST_WRITE:
        return outbox.pop_all()
    frames: list[Frame] = []
    size = 0
    while outbox and size < _LARGEST_WRITE:
        frame = outbox.pop()
        frames.append(frame)
        size += len(frame)
    return frames
