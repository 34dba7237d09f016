"""Frames as they go over the wire: the same bytes for all connections, made once."""

from __future__ import annotations

import struct
from typing import TypeVar

from typing_extensions import override

from gatecast.frame import Frame
from gatecast_adapters._turns import Flushable, Turns

__all__ = ["JoiningTurns", "text_frame"]

THandle = TypeVar("THandle", bound=Flushable)


def text_frame(frame: Frame) -> bytes:
    """A whole, unmasked, uncompressed text frame (RFC 6455 section 5.2)."""
    size = len(frame)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + frame.data
    if size < 65536:
        return struct.pack("!BBH", 0x81, 126, size) + frame.data
    return struct.pack("!BBQ", 0x81, 127, size) + frame.data


class JoiningTurns(Turns[THandle]):
    """Turns at whose end many handles hold back the same frames."""

    __slots__ = ("_frames", "_joined", "_largest")

    def __init__(self) -> None:
        super().__init__()
        self._frames: list[Frame] = []
        self._joined = b""
        self._largest = 0

    def join(self, frames: list[Frame], shared_below: int) -> bytes | None:
        """One write of all `frames`; `None` if the data of one is not smaller than `shared_below`.

        For the frames that it was last asked for, which is what most handles hold, it is made
        already.
        """
        if frames != self._frames:
            self._frames = frames
            self._joined = b"".join([frame.encoded(text_frame) for frame in frames])
            self._largest = max(map(len, frames))
        return self._joined if self._largest < shared_below else None

    @override
    def _end(self) -> None:
        super()._end()
        self._frames = []
        self._joined = b""
