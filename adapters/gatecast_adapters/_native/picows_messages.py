"""Messages out of the frames of picows, which hands on fragments and looks at no payload itself."""

from __future__ import annotations

from dataclasses import dataclass

from picows import WSCloseCode, WSFrame, WSMsgType

__all__ = ["MessageAssembler", "Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """How to close the connection of a peer that sent what is not taken."""

    code: int
    reason: str


_NO_EXTENSION = Refusal(WSCloseCode.PROTOCOL_ERROR.value, "No extension was negotiated")
_OUT_OF_ORDER = Refusal(WSCloseCode.PROTOCOL_ERROR.value, "Fragments out of order")
_NOT_TEXT = Refusal(WSCloseCode.UNSUPPORTED_DATA.value, "Text frames only")
_NOT_UTF8 = Refusal(WSCloseCode.INVALID_TEXT.value, "Invalid UTF-8")
_TOO_BIG = Refusal(WSCloseCode.MESSAGE_TOO_BIG.value, "Message too big")


class MessageAssembler:
    """Joins the fragments of one peer to messages of at most `max_bytes`."""

    __slots__ = ("_begun", "_data", "_max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begun = False
        self._data = bytearray()

    def add(self, frame: WSFrame) -> str | Refusal | None:
        """Take the next data frame; return the message that it completes (RFC 6455 section 5.4).

        Returns a `Refusal` for anything but text of the right size and form, after which nothing
        more may be added.
        """
        refusal = self._refusal(frame)
        if refusal is not None:
            return refusal
        self._data += frame.get_payload_as_memoryview()
        self._begun = not frame.fin
        return None if self._begun else self._complete()

    def _refusal(self, frame: WSFrame) -> Refusal | None:
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            return _NO_EXTENSION
        if frame.msg_type == WSMsgType.BINARY:
            return _NOT_TEXT
        if (frame.msg_type == WSMsgType.CONTINUATION) != self._begun:
            return _OUT_OF_ORDER
        if len(self._data) + frame.payload_size > self._max_bytes:
            return _TOO_BIG
        return None

    def _complete(self) -> str | Refusal:
        data, self._data = self._data, bytearray()
        try:
            return data.decode()
        except UnicodeDecodeError:
            return _NOT_UTF8
