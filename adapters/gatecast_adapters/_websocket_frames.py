"""Frames as they go over the wire: the same bytes for all connections, made once."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from gatecast.messages.frame import Frame

__all__ = ["COMPRESSION_THRESHOLD", "TextFrames", "shared_below", "text_frame", "text_frames"]

COMPRESSION_THRESHOLD: Final = 1024
"""Messages of fewer bytes are sent uncompressed to clients that negotiated permessage-deflate, as
RFC 7692 section 6 allows: all of them then share the same bytes."""

_COMPRESSION: Final = "permessage-deflate"
"""The name that it is negotiated by (RFC 7692 section 7)."""


def text_frame(frame: Frame) -> bytes:
    """A whole, unmasked, uncompressed text frame (RFC 6455 section 5.2)."""
    size = len(frame)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + frame.data
    if size < 65536:
        return struct.pack("!BBH", 0x81, 126, size) + frame.data
    return struct.pack("!BBQ", 0x81, 127, size) + frame.data


class TextFrames(NamedTuple):
    """Several text frames, one after the other."""

    data: bytes
    largest: int
    """The size of the largest message, in bytes."""


def text_frames(frames: Sequence[Frame]) -> TextFrames:
    """`frames`, which are at least one, as they go out in one write."""
    data = b"".join([frame.encoded(text_frame) for frame in frames])
    return TextFrames(data, max(len(frame.data) for frame in frames))


def shared_below(extensions: Sequence[object]) -> int:
    """The size in bytes from which on a message is encoded for one connection alone."""
    if not extensions:
        return sys.maxsize
    if all(getattr(extension, "name", None) == _COMPRESSION for extension in extensions):
        return COMPRESSION_THRESHOLD
    return 0  # Of another extension it is not known that it may be left out.
