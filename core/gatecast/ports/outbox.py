"""The bounded outbox: the queue of one peer (BKP-2)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from gatecast.errors import InvalidLimitError, SlowConsumerError
from gatecast.messages.frame import Frame

__all__ = ["Outbox", "OutboxLimits"]


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much may wait for one connection; both hold. Raises `InvalidLimitError` below 1."""

    max_messages: int = 1024
    max_bytes: int = 4 * 1024 * 1024

    def __post_init__(self) -> None:
        for name, value in (("max_messages", self.max_messages), ("max_bytes", self.max_bytes)):
            if not value >= 1:
                raise InvalidLimitError(name, value)


class Outbox:
    """A queue of frames, bounded in number and in bytes.

    It holds the frames themselves, without wrappers, so that a burst to many connections allocates
    nothing that the garbage collector has to visit.
    """

    __slots__ = ("_frames", "_max_bytes", "_max_messages", "size")

    def __init__(self, limits: OutboxLimits) -> None:
        self._max_messages = limits.max_messages
        self._max_bytes = limits.max_bytes
        self._frames: deque[Frame] = deque()
        self.size: int = 0
        """How many bytes wait."""

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, frame: Frame) -> None:
        """Append `frame`.

        Raises `SlowConsumerError` if either limit would be exceeded, and then has not accepted it.
        A single frame larger than `max_bytes` is refused as well.
        """
        frames = self._frames
        size = self.size + len(frame.data)
        if len(frames) >= self._max_messages or size > self._max_bytes:
            raise SlowConsumerError(len(frames), self.size)
        frames.append(frame)
        self.size = size

    def pop(self) -> Frame:
        """Take the oldest frame; raises `IndexError` if there is none."""
        frame = self._frames.popleft()
        self.size -= len(frame.data)
        return frame

    def pop_all(self) -> list[Frame]:
        """Take everything, oldest first."""
        frames = list(self._frames)
        self.clear()
        return frames

    def clear(self) -> None:
        """Discard everything."""
        self._frames.clear()
        self.size = 0
