"""Messages out of the frames of picows, which hands on fragments and looks at no payload itself."""

from __future__ import annotations

from picows import WSCloseCode, WSFrame, WSMsgType

from gatecast.ports.ending import Cause, Ending

__all__ = ["MessageAssembler"]


_NO_EXTENSION = Ending(
    Cause.PROTOCOL, WSCloseCode.PROTOCOL_ERROR.value, "No extension was negotiated"
)
_OUT_OF_ORDER = Ending(Cause.PROTOCOL, WSCloseCode.PROTOCOL_ERROR.value, "Fragments out of order")
_NOT_UTF8 = Ending(Cause.PROTOCOL, WSCloseCode.INVALID_TEXT.value, "Invalid UTF-8")


class MessageAssembler:
    """Joins the fragments of one peer to messages of at most `max_bytes`."""

    __slots__ = ("_begun", "_data", "_max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begun = False
        self._data = bytearray()

    def add(self, frame: WSFrame) -> str | Ending | None:
        """Take the next data frame; return the message that it completes (RFC 6455 section 5.4).

        Returns an `Ending` for anything but text of the right size and form, after which nothing
        more may be added.
        """
        refusal = self._refusal(frame)
        if refusal is not None:
            return refusal
        self._data += frame.get_payload_as_memoryview()
        self._begun = not frame.fin
        return None if self._begun else self._complete()

    def _refusal(self, frame: WSFrame) -> Ending | None:
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            return _NO_EXTENSION
        if frame.msg_type == WSMsgType.BINARY:
            return Ending.TEXT_ONLY
        if (frame.msg_type == WSMsgType.CONTINUATION) != self._begun:
            return _OUT_OF_ORDER
        if len(self._data) + frame.payload_size > self._max_bytes:
            return Ending.TOO_BIG
        return None

    def _complete(self) -> str | Ending:
        data, self._data = self._data, bytearray()
        try:
            return data.decode()
        except UnicodeDecodeError:
            return _NOT_UTF8
