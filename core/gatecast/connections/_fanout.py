"""Fan-outs: one frame on its way to the connections that were chosen for it.

A fan-out may be interrupted: a handle's `send` calls back into the transport, or the fan-out is
carried out in steps. Whoever broadcasts next then first completes what is unfinished, so that every
connection sees all messages in the order of the calls (BRD-3), nothing is skipped and nothing is
sent twice (BRD-6).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from operator import length_hint
from typing import Generic, TypeVar

from gatecast.connections.connection import Connection
from gatecast.messages.frame import Frame
from gatecast.ports.ports import ConnectionHandle

__all__ = ["Fanout", "Fanouts"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")


class Fanout(Generic[THandle, TIdentity]):
    """One frame, and an iterator over the connections that are still to get it.

    The iterator is shared by everyone who advances the fan-out, however deep in callbacks.
    """

    __slots__ = ("_frame", "_on_failure", "_remaining", "accepted")

    def __init__(
        self,
        frame: Frame,
        recipients: list[Connection[THandle, TIdentity]],
        on_failure: Callable[[Connection[THandle, TIdentity], Exception], None],
    ) -> None:
        self._frame = frame
        self._remaining = iter(recipients)
        self._on_failure = on_failure
        self.accepted: int = 0
        """How many handles accepted the frame so far."""

    @property
    def done(self) -> bool:
        """Whether there is nobody left to send to."""
        return length_hint(self._remaining) == 0

    def advance(self, count: int | None = None) -> None:
        """Send to the next `count` connections, or to all that remain."""
        self._send_to(self._remaining if count is None else islice(self._remaining, count))

    def abandon(self) -> None:
        """Send to nobody else."""
        # Exhausted rather than replaced, so that it also ends for whoever is advancing it now.
        deque(self._remaining, maxlen=0)

    def _send_to(self, recipients: Iterable[Connection[THandle, TIdentity]]) -> None:
        frame = self._frame
        accepted = 0
        for connection in recipients:
            if not connection.live:
                continue
            try:
                connection.handle.send(frame)
            except Exception as error:  # noqa: BLE001  # a handle is an adapter's; one failing stops no other
                self._on_failure(connection, error)
            else:
                accepted += 1
        self.accepted += accepted


class Fanouts(Generic[THandle, TIdentity]):
    """The unfinished fan-outs of one transport, in the order of the calls."""

    def __init__(
        self, on_failure: Callable[[Connection[THandle, TIdentity], Exception], None]
    ) -> None:
        self._on_failure = on_failure
        self._unfinished: deque[Fanout[THandle, TIdentity]] = deque()

    def begin(
        self, frame: Frame, recipients: list[Connection[THandle, TIdentity]]
    ) -> Fanout[THandle, TIdentity]:
        """Take the next place in the order; nothing is sent yet."""
        fanout = Fanout(frame, recipients, self._on_failure)
        self._unfinished.append(fanout)
        return fanout

    def finish(self) -> None:
        """Complete everything that is unfinished, in order."""
        while self._unfinished:
            self._unfinished[0].advance()
            self._discard_done()

    def advance(self, count: int) -> None:
        """Send the next `count` frames of the oldest unfinished fan-out."""
        self._discard_done()
        if self._unfinished:
            self._unfinished[0].advance(count)

    def abandon(self, fanout: Fanout[THandle, TIdentity]) -> None:
        """Let `fanout` reach nobody else."""
        fanout.abandon()
        self._discard_done()

    def _discard_done(self) -> None:
        while self._unfinished and self._unfinished[0].done:
            self._unfinished.popleft()
