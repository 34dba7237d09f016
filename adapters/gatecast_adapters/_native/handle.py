"""The handle that both native adapters build on: written to directly, held back when the peer lags.

A frame goes to the event loop's transport where it is broadcast, as the same bytes for every
connection. Further frames of one turn are held back and go out as one write (`_turns`). While the
transport's buffer is above its high-water mark, frames wait in the bounded outbox, where a
revocation still discards them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gatecast.errors import HandleClosedError, InvalidLimitError, SlowConsumerError
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import Outbox, OutboxLimits
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames, text_frame

__all__ = ["Delivery", "NativeHandle"]

# Bytes from which on frames are left for the next write, since a revocation can't take back what
# has been written.
_LARGEST_WRITE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Delivery:
    """How all handles of one transport deliver. Raises `InvalidLimitError` for a bad timeout."""

    limits: OutboxLimits
    close_timeout: float
    """Seconds that a peer has to take the close, before it is given up (REV-7)."""
    on_failure: Callable[[NativeHandle, Exception], None]
    """Told when a frame that was accepted could not be delivered."""

    def __post_init__(self) -> None:
        if not self.close_timeout > 0:
            raise InvalidLimitError("close_timeout", self.close_timeout)


class NativeHandle:
    """One open WebSocket whose frames are made here.

    `transport` is its socket's. Messages of fewer bytes than `shared_below` are the same bytes for
    all connections. An adapter's own handle knows the rest of its server.
    """

    __slots__ = (
        "_deadline",
        "_delivery",
        "_open",
        "_outbox",
        "_serving",
        "_shared_below",
        "_transport",
        "_turn",
        "_turns",
        "_waiting",
    )

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        delivery: Delivery,
        turns: Turns[TextFrames],
        shared_below: int = sys.maxsize,
    ) -> None:
        self._transport = transport
        self._shared_below = shared_below
        self._delivery = delivery
        self._turns = turns
        self._turn = -1
        self._open = True
        self._waiting = False
        # These exist only once they are needed: most connections are idle.
        self._outbox: Outbox | None = None
        self._deadline: asyncio.TimerHandle | None = None
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

    def _tell(self, code: int, reason: str) -> None:
        """Hand a close frame to the server, if it has not sent one by itself."""
        raise NotImplementedError

    def _abort(self) -> None:
        """Drop the connection at once, with whatever is still buffered for the peer."""
        raise NotImplementedError

    # The port

    @property
    def is_open(self) -> bool:
        """Whether frames are accepted."""
        return self._open

    @property
    def pending(self) -> int:
        """How many frames wait for the peer to read on, or for the turn to end."""
        return 0 if self._outbox is None else len(self._outbox)

    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        if not self._open:
            raise HandleClosedError
        turns = self._turns
        if self._waiting or self._turn == turns.current or not self._keeps_up():
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
            self._end()
            raise HandleClosedError from error

    def close(self, code: int, reason: str) -> None:
        """As `ConnectionHandle.close`."""
        if self._open:
            self._end()
            self._tell(code, reason)

    # Delivery

    def flush(self) -> None:
        """Send what was held back, as far as the server takes it."""
        try:
            while self._open and self._outbox and self._keeps_up():
                frames = _next(self._outbox)
                joined = self._turns.join(frames)
                if joined.largest < self._shared_below:
                    self._transport.write(joined.data)
                else:
                    self._transport.write(b"".join(map(self._wire, frames)))
        except Exception as error:  # noqa: BLE001  # It is this connection's; others are flushed next.
            self._fail(error)
        self._waiting = bool(self._outbox)

    def _wire(self, frame: Frame) -> bytes:
        if len(frame.data) < self._shared_below:
            return frame.encoded(text_frame)
        return self._encode_alone(frame)

    def _hold(self, frame: Frame) -> None:
        if self._outbox is None:
            self._outbox = Outbox(self._delivery.limits)
        try:
            self._outbox.push(frame)
        except SlowConsumerError:
            self.flush()  # It may be the turn that is long, and not the peer that is slow.
            if not self._open:
                raise HandleClosedError from None
            self._outbox.push(frame)
        if not self._waiting:
            self._waiting = True
            if not self._turns.ending:
                self._turns.end_soon()
            self._turns.flush_at_end(self)

    def _fail(self, error: Exception) -> None:
        """A frame that had been accepted did not get through."""
        gone = isinstance(error, (OSError, RuntimeError, HandleClosedError))
        self._delivery.on_failure(self, HandleClosedError() if gone else error)
        self._end()

    # The end

    def served(self) -> asyncio.Timeout:
        """A context that the connection is served in; ended if the peer does not take its close."""
        self._serving = asyncio.timeout(None)
        return self._serving

    def release(self) -> None:
        """The connection is no longer served."""
        self._open = False
        if self._deadline is not None:
            self._deadline.cancel()

    def _end(self) -> None:
        """Accept nothing more, forget what waits, and give the peer until the deadline."""
        if not self._open:
            return
        self._open = False
        if self._outbox is not None:
            self._outbox.clear()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._delivery.close_timeout, self._give_up)

    def _give_up(self) -> None:
        self._abort()
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
