"""The handle that both ASGI adapters build on: in place while the peer keeps up, queued when not.

Where the server is known (`_asgi_server`), a frame goes out where it is broadcast, with no task
switch (`_stepping`). When the server suspends, and always where it is not known, frames wait in the
bounded outbox, and a writer task that lives only while something waits hands them on in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import anyio
from starlette.types import Message, Send

from gatecast.errors import HandleClosedError, InvalidLimitError
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import Outbox, OutboxLimits
from gatecast_adapters._asgi.reading import AsgiReading
from gatecast_adapters._asgi.server import find_known_server
from gatecast_adapters._asgi.stepping import start
from gatecast_adapters.event_loop import call_later, spawn

__all__ = ["AsgiHandle", "Delivery"]

_Sending: TypeAlias = Callable[[Callable[[], bool]], Awaitable[None]]
"""Sends one event, as long as what it is given says that it is still wanted."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How all handles of one transport deliver. Raises `InvalidLimitError` for a bad timeout."""

    limits: OutboxLimits
    close_timeout: float
    """Seconds that a peer has to take the close, before it is given up (REV-7)."""
    in_place: bool
    """Whether to send in place where the server is known."""
    on_failure: Callable[[AsgiHandle, Exception], None]
    """Told when a frame that was accepted could not be delivered."""

    def __post_init__(self) -> None:
        if not self.close_timeout > 0:
            raise InvalidLimitError("close_timeout", self.close_timeout)


class AsgiHandle(AsgiReading):
    """One open connection of an ASGI server.

    `send` is the connection's ASGI `send` after it was accepted or its response was begun, and
    `encode` makes the event that carries a frame. What else goes over the wire is for the adapter's
    own handle to say.
    """

    __slots__ = (
        "_cancel_give_up",
        "_closing",
        "_delivery",
        "_direct",
        "_encode",
        "_in_place",
        "_open",
        "_outbox",
        "_send",
        "_writer",
        "_writing",
    )

    def __init__(self, send: Send, delivery: Delivery, encode: Callable[[Frame], Message]) -> None:
        super().__init__(find_known_server(send))
        self._send = send
        self._delivery = delivery
        self._encode = encode
        self._in_place = self._server.send if self._server and delivery.in_place else None
        # Whether a frame can go out where it is broadcast: not while another one waits.
        self._direct = self._in_place is not None
        self._open = True
        # These exist only while they are needed: most connections are idle.
        self._outbox: Outbox | None = None
        self._writing: anyio.CancelScope | _NotBegun | None = None
        self._writer: object = None
        self._closing: Message | None = None
        self._cancel_give_up: Callable[[], None] | None = None

    # What an adapter's handle fills in

    def _next_event(self, outbox: Outbox) -> Message:
        """Take what goes out next from `outbox`, which is not empty."""
        return outbox.pop().encoded(self._encode)

    def _close_event(self, code: int, reason: str) -> Message:
        """The ASGI event that tells the peer how it ended."""
        raise NotImplementedError

    # The port

    @property
    def pending(self) -> int:
        """How many frames wait; a write that the server has not taken yet counts as one."""
        return len(self._outbox or ()) + (self._writing is not None)

    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        if self._direct:
            self._transmit(frame.encoded(self._encode))
        else:
            self._send_later(frame)

    def close(self, code: int, reason: str) -> None:
        """As `ConnectionHandle.close`."""
        if not self._open:
            return
        self._end()
        self._closing = self._close_event(code, reason)
        self._let_close_come_first()
        if self._writing is not None:
            self._writing.cancel()
        elif not self._closed_in_place(self._closing):
            self._ensure_writer()

    # What the transport that serves the connection calls

    def release(self) -> None:
        """The connection is no longer served: let go of everything.

        Where the server is known the deadline stays: that it took the close for its peer does not
        mean that the peer takes it, so what is left of the connection by then is aborted (REV-7).
        """
        self._open = False
        self._direct = False
        self._closing = None
        if self._writing is not None:
            self._writing.cancel()
        if self._cancel_give_up is not None and self._server is None:
            self._cancel_give_up()

    # Delivery

    def _send_later(self, frame: Frame) -> None:
        self._queue(frame)
        self._ensure_writer()

    def _queue(self, frame: Frame) -> None:
        if not self._open:
            raise HandleClosedError
        if self._outbox is None:
            self._outbox = Outbox(self._delivery.limits)
        self._outbox.push(frame)

    def _transmit(self, event: Message) -> None:
        """Hand `event` to the server, here and now if that can be; the writer does the rest."""
        if self._in_place is None:
            self._ensure_writer(partial(self._hand_over, event))
            return
        try:
            suspended = start(self._in_place(event))
        except (OSError, RuntimeError) as error:
            self._end()
            raise HandleClosedError from error
        if suspended is not None:
            self._ensure_writer(suspended.finish)

    def _closed_in_place(self, event: Message) -> bool:
        if self._in_place is None:
            return False
        try:
            suspended = start(self._in_place(event))
        except (OSError, RuntimeError):
            return True  # The peer is gone, and nothing is left to tell it.
        if suspended is not None:
            suspended.discard()
        return suspended is None

    def _end(self) -> None:
        """Accept nothing more, forget what waits, and give the peer until the deadline."""
        if not self._open:
            return
        self._open = False
        self._direct = False
        if self._outbox is not None:
            self._outbox.clear()
        self._cancel_give_up = call_later(self._delivery.close_timeout, self.give_up)

    # The writer

    def _ensure_writer(self, first: _Sending | None = None) -> None:
        if self._writing is None:
            self._direct = False
            self._writing = _NotBegun()
            self._writer = spawn(partial(self._write, first))

    async def _write(self, first: _Sending | None) -> None:
        try:
            # Made in here, since a turn may end, or an app broadcast, outside of any task.
            with anyio.CancelScope() as self._writing:
                if first is not None:
                    await first(self._is_open)
                while self._open and self._outbox:
                    await self._hand_over(self._next_event(self._outbox), self._is_open)
        except Exception as error:  # noqa: BLE001  # A handle may fail in any way; it is reported.
            self._fail(error)
        if self._closing is not None:
            # A peer that is gone already can't be told, and that is all there is to say.
            with anyio.CancelScope() as self._writing, suppress(Exception):
                await self._hand_over(self._closing, lambda: True)
            self._close_has_come()
        self._writing = self._writer = None
        if self._open:
            self._direct = self._in_place is not None

    async def _hand_over(self, event: Message, still_wanted: Callable[[], bool]) -> None:
        if self._in_place is None:
            if still_wanted():
                # A copy: it is shared by all connections, and a middleware may write to it.
                await self._send(dict(event))
        elif (suspended := start(self._in_place(event))) is not None:
            await suspended.finish(still_wanted)

    def _fail(self, error: Exception) -> None:
        """A frame that had been accepted did not get through."""
        gone = isinstance(error, (OSError, RuntimeError, HandleClosedError))
        self._delivery.on_failure(self, HandleClosedError() if gone else error)
        self._end()

    def _is_open(self) -> bool:
        return self._open


class _NotBegun:
    """A task that has not begun to write: it will see for itself what is still wanted."""

    def cancel(self) -> None:
        pass
