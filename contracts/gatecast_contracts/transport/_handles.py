"""A handle of the suite's own: among real ones it forces what no peer can be made to do."""

from __future__ import annotations

from collections.abc import Callable

from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending

__all__ = ["ScriptedHandle", "failing"]


def _nothing() -> None:
    pass


class ScriptedHandle:
    """Records what it gets, and then does what the test says: raise, or call the transport back."""

    def __init__(
        self, *, on_send: Callable[[], object] = _nothing, on_close: Callable[[], object] = _nothing
    ) -> None:
        self.sent: list[str] = []
        """The text of every frame that it was asked to send, taken or not."""
        self.closes: list[tuple[int, str]] = []
        self.endings: list[Ending] = []
        self._on_send = on_send
        self._on_close = on_close

    def send(self, frame: Frame) -> None:
        self.sent.append(frame.text)
        self._on_send()

    def close(self, ending: Ending) -> None:
        self.endings.append(ending)
        self.closes.append((ending.code, ending.reason))
        self._on_close()


def failing(error: Exception) -> Callable[[], None]:
    """Something that raises `error`."""

    def fail() -> None:
        raise error

    return fail
