"""Fan-outs: one frame on its way to its recipients.

A fan-out may be interrupted: a handle's `send` calls back into the transport, or the fan-out runs
in steps. The next broadcast first completes the unfinished ones. So every connection gets all
messages in the order of the calls (BRD-3), and none is skipped or sent twice (BRD-6).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from operator import length_hint
from typing import Generic, TypeVar

from gatecast.connections._announcer import Announcer
from gatecast.connections.connection import Connection
from gatecast.messages.frame import Frame
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.observer import Sent

__all__ = ["Fanout", "FanoutQueue"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")


class Fanout(Generic[THandle, TIdentity]):
    """One frame, and an iterator over the connections that have not got it yet.

    All calls that advance the fan-out share the iterator, nested ones included.
    """

    __slots__ = ("_frame", "_queue", "_recipients", "_remaining", "accepted")

    def __init__(
        self,
        frame: Frame,
        recipients: list[Connection[THandle, TIdentity]],
        queue: FanoutQueue[THandle, TIdentity],
    ) -> None:
        self._frame = frame
        self._recipients = len(recipients)
        self._remaining = iter(recipients)
        self._queue = queue
        self.accepted: int = 0
        """How many handles accepted the frame so far."""

    @property
    def done(self) -> bool:
        """Whether no recipient is left."""
        return length_hint(self._remaining) == 0

    def finish(self) -> int:
        """Send to all remaining recipients, after everything that was begun before (BRD-3).

        Returns how many accepted.
        """
        self._queue.finish()
        self.report()
        return self.accepted

    def report(self) -> None:
        """Notify the observer of what was sent."""
        announcer = self._queue.announcer
        if announcer.active:
            size = len(self._frame)
            announcer.announce(
                Sent(announcer.transport_name, self._recipients, self.accepted, size)
            )

    def advance(self, count: int | None = None) -> None:
        """Send to the next `count` recipients, or to all remaining ones."""
        self._send_to(self._remaining if count is None else islice(self._remaining, count))

    def abandon(self) -> None:
        """Send to no further recipient."""
        # Exhausted rather than replaced, so that it also ends for a call that is advancing it now.
        deque(self._remaining, maxlen=0)

    def _send_to(self, recipients: Iterable[Connection[THandle, TIdentity]]) -> None:
        frame = self._frame
        accepted = 0
        for connection in recipients:
            if connection.ending is not None:
                continue
            try:
                connection.handle.send(frame)
            except Exception as error:  # noqa: BLE001  # a handle is an adapter's; one failing stops no other
                self._queue.on_failure(connection, error)
            else:
                accepted += 1
        self.accepted += accepted


class FanoutQueue(Generic[THandle, TIdentity]):
    """The unfinished fan-outs of one transport, in the order of the calls."""

    def __init__(
        self,
        on_failure: Callable[[Connection[THandle, TIdentity], Exception], None],
        announcer: Announcer[TIdentity],
    ) -> None:
        self.on_failure = on_failure
        self.announcer = announcer
        self._unfinished: deque[Fanout[THandle, TIdentity]] = deque()

    def __len__(self) -> int:
        """How many are unfinished."""
        return len(self._unfinished)

    def begin(
        self, frame: Frame, recipients: list[Connection[THandle, TIdentity]]
    ) -> Fanout[THandle, TIdentity]:
        """Take the next place in the order; nothing is sent yet."""
        fanout = Fanout(frame, recipients, self)
        self._unfinished.append(fanout)
        return fanout

    def finish(self) -> None:
        """Complete all unfinished fan-outs, in order."""
        while self._unfinished:
            self._unfinished[0].advance()
            self._discard_done()

    def advance(self, count: int) -> None:
        """Send the next `count` frames of the oldest unfinished fan-out."""
        self._discard_done()
        if self._unfinished:
            self._unfinished[0].advance(count)

    def abandon(self, fanout: Fanout[THandle, TIdentity]) -> None:
        """Send `fanout` to no further recipient."""
        fanout.abandon()
        self._discard_done()

    def _discard_done(self) -> None:
        while self._unfinished and self._unfinished[0].done:
            self._unfinished.popleft()
