"""The handle of every ASGI connection: in place while the peer keeps up, queued when not.

Where the server is known (`server`), a frame goes out where it is broadcast, with no task switch
(`stepping`). When the server suspends, and always where it is not known, frames wait in the bounded
outbox, and a writer task hands them on in order. What differs between a WebSocket and a stream is a
`WireForm`, and whether frames of one turn are joined (`Turns`).
"""

from __future__ import annotations

from asyncio import WriteTransport
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from functools import partial
from typing import Final, TypeAlias, TypeVar

from typing_extensions import override

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import Outbox
from gatecast_adapters._asgi.reading import Reading
from gatecast_adapters._asgi.stepping import start
from gatecast_adapters._asgi.types import Message, Send
from gatecast_adapters._asgi.wire import WireForm
from gatecast_adapters._asgi.writer import Writer
from gatecast_adapters._life import HandleSettings, Happening, Life, State
from gatecast_adapters._turns import Turns

__all__ = ["AsgiHandle"]

TSent = TypeVar("TSent")

_Sending: TypeAlias = Callable[[Callable[[], bool]], Awaitable[None]]
"""Sends one event, as long as what it is given says that it is still wanted."""

# Names of their own, since a member that is looked up in its class costs far more in Python 3.11.
_READY: Final = State.READY
_HOLDING: Final = State.HOLDING


class AsgiHandle(Life):
    """One open connection of an ASGI server.

    `send` is the connection's ASGI `send` after it was accepted or its response was begun. With
    `turns` the frames of one turn are joined.
    """

    __slots__ = (
        "_departure",
        "_farewell",
        "_form",
        "_in_place",
        "_joined_to",
        "_reading",
        "_send",
        "_shared",
        "_shared_below",
        "_transport",
        "_turn",
        "_turns",
        "_writer",
    )

    def __init__(
        self,
        send: Send,
        reading: Reading,
        settings: HandleSettings,
        form: WireForm,
        *,
        in_place: bool = True,
        turns: Turns[bytes] | None = None,
    ) -> None:
        super().__init__(settings)
        self._send = send
        self._reading = reading
        self._form = form
        server = reading.server
        self._in_place = server.send if server is not None and in_place else None
        shared = form.find_shared(server) if self._in_place is not None else None
        # Of the two transports only one is there: `send` writes to the one where frames are not
        # joined, and looks at nothing else then.
        transport = shared.transport if shared is not None else None
        self._transport: WriteTransport | None = transport if turns is None else None
        self._joined_to: WriteTransport | None = transport if turns is not None else None
        self._shared_below = shared.below if shared is not None else 0
        self._shared = form.shared
        self._turns = turns
        self._turn = -1
        # These exist only while they are needed: most connections are idle.
        self._writer: Writer | None = None
        self._farewell: Message | None = None
        self._departure: Ending | None = None

    # The port

    @property
    def pending(self) -> int:
        """How many frames wait; a write that the server has not taken yet counts as one."""
        return len(self._outbox or ()) + (self._writer is not None)

    @override
    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        transport = self._transport
        # Few objects are looked at, since none of them is in a cache when a broadcast comes by, and
        # the transport is needed anyway. It is closing whenever uvicorn would refuse a message.
        if (
            transport is None
            or self.state is not _READY
            or transport.is_closing()
            or transport.get_write_buffer_size()
            or len(frame.data) >= self._shared_below
        ):
            self._send_otherwise(frame)
        else:
            transport.write(frame.encoded(self._shared))

    @override
    def close(self, ending: Ending) -> None:
        """As `ConnectionHandle.close`."""
        if not self._end(Happening.CLOSED):
            return
        self._farewell = self._form.close(ending)
        self._reading.let_close_come_first()
        if self._writer is not None:
            self._writer.cancel()
        elif self._closed_in_place(self._farewell):
            self.on(Happening.NOTIFIED)
        else:
            self._wait()

    # What the task that serves the connection calls

    def served(self) -> AbstractAsyncContextManager[None]:
        """Read the connection within this: it ends when the connection is aborted."""
        return self._reading.served()

    def answering(self) -> AbstractContextManager[None]:
        """Answer a message within this: it is cancelled when the connection is aborted."""
        return self._reading.interruptible()

    async def receive(self) -> str | bytes | None:
        """Wait for the next message of the peer; `None` once the connection is gone."""
        if self.state is State.GONE:
            return None
        event = await self._reading.next_event()
        if event["type"] == "websocket.disconnect":
            self.on(Happening.LEFT)
            self._departure = _departure_of(event)
            return None
        text = event.get("text")
        return text if isinstance(text, str) else b""

    @property
    @override
    def departure(self) -> Ending:
        """How the peer left, as far as its server knows."""
        return self._departure or Ending.GONE

    async def until_gone(self) -> None:
        """Wait until the peer of a stream is gone."""
        while (await self._reading.next_event())["type"] != "http.disconnect":
            pass

    def has_moved_on(self) -> bool:
        """Whether a known server serves something else on the connection by now."""
        return self._reading.has_moved_on()

    def keep_alive(self) -> None:
        """Send a comment, unless something is on its way anyway."""
        keep_alive = self._form.keep_alive
        if keep_alive is not None and self.is_open and self._writer is None:
            self._send_or_fail(self._transmit, keep_alive)

    async def send_for_app(self, message: Message) -> None:
        """Send what the app sends itself. Its own close ends the connection as ours does."""
        if message["type"] == "websocket.close":
            self._end(Happening.FAILED)
        await self._send(message)

    def release(self) -> None:
        """The connection is no longer served: let go of everything.

        Where the server is known the deadline stays: that it took the close for its peer does not
        mean that the peer takes it, so what is left of the connection by then is aborted (REV-7).
        """
        self._leave(keep_deadline=self._reading.server is not None)
        if self._writer is not None:
            self._writer.cancel()

    @override
    def abort(self) -> None:
        """Drop the connection at once: its peer has not taken its close in time, or is gone."""
        self._reading.abort()

    # Frames of one turn

    def _send_otherwise(self, frame: Frame) -> None:
        turns = self._turns
        if turns is None:
            self._send_by_server(frame)
        elif self.state is _HOLDING:
            self._hold(frame)
        elif self._turn != turns.current:
            self._turn = turns.current
            if not turns.ending:
                turns.end_soon()
            # `_send_now`, written out: this is where a broadcast to streams spends its time.
            transport = self._joined_to
            if (
                transport is None
                or self.state is not _READY
                or transport.is_closing()
                or transport.get_write_buffer_size()
            ):
                self._send_by_server(frame)
            else:
                transport.write(frame.encoded(self._shared))
        elif self.state is _READY and self._in_place is not None:
            self.on(Happening.HELD)
            turns.flush_at_end(self)
            self._hold(frame)
        else:
            self._send_now(frame)

    def _send_now(self, frame: Frame) -> None:
        transport = self._ready_transport() if self.state is _READY else None
        if transport is None:
            self._send_by_server(frame)
        else:
            transport.write(frame.encoded(self._shared))

    def _ready_transport(self) -> WriteTransport | None:
        """What chunks that all streams share are written to; `None` if `send` has to decide."""
        transport = self._joined_to
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
        if self.state is _HOLDING:
            self.on(Happening.CAUGHT_UP)
            if self._outbox:
                self._send_or_fail(self._send_held, self._outbox.pop_all())

    def _send_held(self, frames: list[Frame]) -> None:
        transport = self._ready_transport()
        if transport is None or self._turns is None:
            self._transmit(self._event_of(frames))
        else:
            transport.write(self._turns.join(frames))

    def _send_or_fail(self, send: Callable[[TSent], None], sent: TSent) -> None:
        """Send where no caller could be notified of a failure; it ends this connection."""
        try:
            send(sent)
        except Exception as error:  # noqa: BLE001  # A handle may fail in any way; it is reported.
            self._fail(error)

    # By the server's `send`

    def _send_by_server(self, frame: Frame) -> None:
        if self.state is _READY and self._in_place is not None:
            self._transmit(frame.encoded(self._form.event))
        else:
            self._queue(frame)
            self._wait()

    def _transmit(self, event: Message) -> None:
        """Hand `event` to the server, here and now if that can be; the writer does the rest."""
        if self._in_place is None:
            self._wait(partial(self._hand_over, event))
            return
        try:
            suspended = start(self._in_place(event))
        except (OSError, RuntimeError) as error:
            self._end(Happening.FAILED)
            raise HandleClosedError from error
        if suspended is not None:
            self._wait(suspended.finish)

    def _closed_in_place(self, event: Message) -> bool:
        if self._in_place is None:
            return False
        try:
            suspended = start(self._in_place(event))
        except (OSError, RuntimeError):
            return True  # The peer is gone, so nobody is left to notify.
        if suspended is not None:
            suspended.discard()
        return suspended is None

    # The writer

    def _wait(self, first: _Sending | None = None) -> None:
        """See to it that a writer is at work; it begins with `first`."""
        if self._writer is None:
            if self.is_open:
                self.on(Happening.LAGGED)
            self._writer = Writer(partial(self._write, first))

    async def _write(self, first: _Sending | None, writer: Writer) -> None:
        try:
            with writer.cancellable():
                if first is not None:
                    await first(self._is_wanted)
                while self.is_open and self._outbox:
                    await self._hand_over(self._next_event(self._outbox), self._is_wanted)
        except Exception as error:  # noqa: BLE001  # A handle may fail in any way; it is reported.
            self._fail(error)
        if self.state is State.CLOSING and self._farewell is not None:
            # A peer that is gone already can't be notified, and nothing else is left to do.
            with writer.cancellable(), suppress(Exception):
                await self._hand_over(self._farewell, _always)
            self._reading.close_has_come()
            self.on(Happening.NOTIFIED)
        self._writer = None
        if self.is_open:
            self.on(Happening.CAUGHT_UP)

    async def _hand_over(self, event: Message, still_wanted: Callable[[], bool]) -> None:
        if self._in_place is None:
            if still_wanted():
                # A copy: it is shared by all connections, and a middleware may write to it.
                await self._send(dict(event))
        elif (suspended := start(self._in_place(event))) is not None:
            await suspended.finish(still_wanted)

    def _next_event(self, outbox: Outbox) -> Message:
        if self._form.join is None:
            return outbox.pop().encoded(self._form.event)
        return self._event_of(outbox.pop_all())

    def _event_of(self, frames: Sequence[Frame]) -> Message:
        if len(frames) == 1 or self._form.join is None:
            return frames[0].encoded(self._form.event)
        return self._form.join(frames)

    def _is_wanted(self) -> bool:
        return self.is_open


def _departure_of(event: Mapping[str, object]) -> Ending:
    code, reason = event.get("code"), event.get("reason")
    if not isinstance(code, int) or code == Ending.GONE.code:
        return Ending.GONE
    return Ending.by_peer(code, reason if isinstance(reason, str) else "")


def _always() -> bool:
    return True
