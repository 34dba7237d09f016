"""Frames as they go over the wire: the same bytes for all connections, made once."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from typing import Final, TypeVar

from typing_extensions import override

from gatecast.frame import Frame
from gatecast_adapters._turns import Flushable, Turns

__all__ = ["COMPRESSION_THRESHOLD", "JoiningTurns", "shared_below", "text_frame"]

COMPRESSION_THRESHOLD: Final = 1024
"""Messages of fewer bytes are sent uncompressed to clients that negotiated permessage-deflate, as
RFC 7692 section 6 allows: all of them then share the same bytes."""

_COMPRESSION: Final = "permessage-deflate"
"""The name that it is negotiated by (RFC 7692 section 7)."""

THandle = TypeVar("THandle", bound=Flushable)


def text_frame(frame: Frame) -> bytes:
    """A whole, unmasked, uncompressed text frame (RFC 6455 section 5.2)."""
    size = len(frame)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + frame.data
    if size < 65536:
        return struct.pack("!BBH", 0x81, 126, size) + frame.data
    return struct.pack("!BBQ", 0x81, 127, size) + frame.data


def shared_below(extensions: Sequence[object]) -> int:
    """The size in bytes from which on a message is encoded for one connection alone."""
    if not extensions:
        return sys.maxsize
    if all(getattr(extension, "name", None) == _COMPRESSION for extension in extensions):
        return COMPRESSION_THRESHOLD
    return 0  # Of another extension it is not known that it may be left out.


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
