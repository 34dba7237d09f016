"""The handle of one event stream: what is sent within one turn goes out as one write."""

from __future__ import annotations

from asyncio import WriteTransport
from collections.abc import Callable
from typing import TypeVar

from starlette.types import Message, Send
from typing_extensions import override

from gatecast.errors import SlowConsumerError
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import Outbox
from gatecast_adapters._asgi.handle import AsgiHandle, Delivery
from gatecast_adapters._asgi.sse_events import KEEP_ALIVE, Encoders, body, joined_blocks
from gatecast_adapters._asgi.uvicorn_shared import find_chunked_response
from gatecast_adapters._turns import Turns

__all__ = ["SseHandle"]

TSent = TypeVar("TSent")


class SseHandle(AsgiHandle):
    """One stream whose response has begun."""

    __slots__ = ("_chunk", "_encode_close", "_holding", "_transport", "_turn", "_turns")

    def __init__(
        self,
        send: Send,
        delivery: Delivery,
        encoders: Encoders,
        turns: Turns[bytes],
    ) -> None:
        super().__init__(send, delivery, encoders.event)
        response = find_chunked_response(self._server)
        self._transport = response.transport if response is not None else None
        self._chunk = encoders.chunk
        self._encode_close = encoders.close
        self._turns = turns
        self._turn = -1
        self._holding = False

    @override
    def send(self, frame: Frame) -> None:
        if self._holding:
            self._hold(frame)
            return
        turns = self._turns
        if self._turn == turns.current and self._direct:
            self._direct = False
            self._holding = True
            turns.flush_at_end(self)
            self._hold(frame)
            return
        self._turn = turns.current
        if not turns.ending:
            turns.end_soon()
        self._send_now(frame)

    def _send_now(self, frame: Frame) -> None:
        transport = self._ready_transport() if self._direct else None
        if transport is None:
            AsgiHandle.send(self, frame)  # `super()` is looked up anew at every call.
        else:
            transport.write(frame.encoded(self._chunk))

    def _ready_transport(self) -> WriteTransport | None:
        """What chunks that all streams share are written to; `None` if `send` has to decide."""
        transport = self._transport
        # Not asked is what else uvicorn would: that the response is not complete, which only a
        # close of our own makes it, and that the peer is there, which the transport knows.
        if transport is None or transport.is_closing() or transport.get_write_buffer_size():
            return None
        return transport

    def _hold(self, frame: Frame) -> None:
        try:
            self._queue(frame)
        except SlowConsumerError:
            # That many were held back by us, which says nothing of the peer.
            self.flush()
            self._send_now(frame)

    def flush(self) -> None:
        """Send what was held back within this turn."""
        self._holding = False
        if not self._open or self._writing is not None:
            return
        self._direct = self._in_place is not None
        if self._outbox:
            self._send_or_fail(self._send_held, self._outbox.pop_all())

    def _send_held(self, frames: list[Frame]) -> None:
        transport = self._ready_transport()
        if transport is None:
            self._transmit(self._event_of(frames))
        else:
            transport.write(self._turns.join(frames))

    def keep_alive(self) -> None:
        """Send a comment, unless something is on its way anyway."""
        if self._open and self._writing is None:
            self._send_or_fail(self._transmit, KEEP_ALIVE)

    def _send_or_fail(self, send: Callable[[TSent], None], sent: TSent) -> None:
        """Send where there is no caller who could be told of a failure, which is this stream's."""
        try:
            send(sent)
        except Exception as error:  # noqa: BLE001  # A handle may fail in any way; it is reported.
            self._fail(error)

    @override
    def _next_event(self, outbox: Outbox) -> Message:
        return self._event_of(outbox.pop_all())

    def _event_of(self, frames: list[Frame]) -> Message:
        if len(frames) == 1:
            return frames[0].encoded(self._encode)
        return body(joined_blocks(frames, self._encode))

    @override
    def _close_event(self, code: int, reason: str) -> Message:
        return self._encode_close(code, reason)
