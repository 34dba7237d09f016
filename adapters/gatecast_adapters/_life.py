"""The life of one open connection: its states, what happens to it, and what that leads to.

All transitions are in the table below, for the handles of every server. A handle reads its state
and reports what happened with `on`; it never sets a state itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gatecast.errors import HandleClosedError, InvalidLimitError
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.outbox import Outbox, OutboxLimits
from gatecast_adapters.event_loop import call_later

__all__ = ["TRANSITIONS", "HandleSettings", "Happening", "Life", "State"]


class State(Enum):
    """Where a connection stands. It takes frames in the first three states."""

    READY = auto()
    """Nothing waits: the next frame goes to the server where it is broadcast."""
    HOLDING = auto()
    """Frames are held back until the turn of the event loop ends, and then go out as one write."""
    WAITING = auto()
    """Frames wait until the server takes more: the peer lags, or a writer is at work."""
    CLOSING = auto()
    """The close is on its way to the server."""
    ENDED = auto()
    """The server has the close, or the peer is gone; the deadline is running (REV-7)."""
    GONE = auto()
    """The peer is gone, or its connection is no longer served."""


class Happening(Enum):
    """What happens to a connection."""

    HELD = auto()
    """A frame was held back until the turn ends."""
    LAGGED = auto()
    """The server takes nothing more for now."""
    CAUGHT_UP = auto()
    """All that waited has gone to the server."""
    CLOSED = auto()
    """It is to be closed, and the peer has to be notified."""
    NOTIFIED = auto()
    """The server has taken the close, or can't any more."""
    FAILED = auto()
    """The server can't deliver, or the connection was closed by somebody else."""
    LEFT = auto()
    """The peer is gone, or the connection is no longer served."""


_S, _H = State, Happening

# A pair that is missing can't come about, and a `KeyError` there is a bug of the handle.
TRANSITIONS: Final[Mapping[State, Mapping[Happening, State]]] = {
    State.READY: {
        _H.HELD: _S.HOLDING,
        _H.LAGGED: _S.WAITING,
        _H.CAUGHT_UP: _S.READY,
        _H.CLOSED: _S.CLOSING,
        _H.FAILED: _S.ENDED,
        _H.LEFT: _S.GONE,
    },
    State.HOLDING: {
        _H.LAGGED: _S.WAITING,
        _H.CAUGHT_UP: _S.READY,
        _H.CLOSED: _S.CLOSING,
        _H.FAILED: _S.ENDED,
        _H.LEFT: _S.GONE,
    },
    State.WAITING: {
        _H.LAGGED: _S.WAITING,
        _H.CAUGHT_UP: _S.READY,
        _H.CLOSED: _S.CLOSING,
        _H.FAILED: _S.ENDED,
        _H.LEFT: _S.GONE,
    },
    State.CLOSING: {_H.NOTIFIED: _S.ENDED, _H.LEFT: _S.GONE},
    State.ENDED: {_H.NOTIFIED: _S.ENDED, _H.LEFT: _S.GONE},
    State.GONE: {_H.NOTIFIED: _S.GONE, _H.LEFT: _S.GONE},
}

_OPEN: Final = (State.READY, State.HOLDING, State.WAITING)


@dataclass(frozen=True, slots=True)
class HandleSettings:
    """What all handles of one transport share. Raises `InvalidLimitError` for a bad timeout."""

    limits: OutboxLimits
    close_timeout: float
    """Seconds that a peer has to take its close before the connection is dropped (REV-7)."""
    on_failure: Callable[[ConnectionHandle, Exception], None]
    """Called when a frame that had been accepted could not be delivered."""

    def __post_init__(self) -> None:
        if not self.close_timeout > 0:
            raise InvalidLimitError("close_timeout", self.close_timeout)


class Life:
    """The state of one connection, what waits for its peer, and the deadline once it has ended."""

    __slots__ = ("__weakref__", "_cancel_deadline", "_outbox", "_settings", "state")

    def __init__(self, settings: HandleSettings) -> None:
        self.state: State = State.READY
        self._settings = settings
        # These exist only once they are needed: most connections are idle.
        self._outbox: Outbox | None = None
        self._cancel_deadline: Callable[[], None] | None = None

    # What a server's handle fills in

    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        raise NotImplementedError

    def close(self, ending: Ending) -> None:
        """As `ConnectionHandle.close`."""
        raise NotImplementedError

    def abort(self) -> None:
        """Drop the connection at once: its peer has not taken its close in time, or is gone."""
        raise NotImplementedError

    @property
    def departure(self) -> Ending:
        """How the peer left, once it has."""
        return Ending.GONE

    # What they share

    @property
    def is_open(self) -> bool:
        """Whether frames are accepted."""
        return self.state in _OPEN

    @property
    def is_waiting(self) -> bool:
        """Whether frames wait for the peer to read on."""
        return self.state is State.WAITING

    def on(self, happening: Happening) -> None:
        """Go to the state that `happening` leads to."""
        self.state = TRANSITIONS[self.state][happening]

    def _queue(self, frame: Frame) -> None:
        if not self.is_open:
            raise HandleClosedError
        if self._outbox is None:
            self._outbox = Outbox(self._settings.limits)
        self._outbox.push(frame)

    def _end(self, happening: Happening) -> bool:
        """Discard what waits and start the deadline; False if the connection has ended before."""
        if not self.is_open:
            return False
        self.on(happening)
        if self._outbox is not None:
            self._outbox.clear()
        self._cancel_deadline = call_later(self._settings.close_timeout, self.abort)
        return True

    def _fail(self, error: Exception) -> None:
        """A frame that had been accepted did not get through."""
        gone = isinstance(error, (OSError, RuntimeError, HandleClosedError))
        self._settings.on_failure(self, HandleClosedError() if gone else error)
        self._end(Happening.FAILED)

    def _leave(self, *, keep_deadline: bool = False) -> None:
        self.on(Happening.LEFT)
        if self._cancel_deadline is not None and not keep_deadline:
            self._cancel_deadline()
