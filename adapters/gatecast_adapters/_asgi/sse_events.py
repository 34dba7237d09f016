"""What goes over a stream: blocks of `text/event-stream` (WHATWG HTML section 9.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sse_starlette.event import ServerSentEvent
from starlette.types import Message

from gatecast.close_codes import CloseCode, is_final
from gatecast.errors import InvalidEventFieldError
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessage

__all__ = [
    "CLOSED_EVENT_ID",
    "KEEP_ALIVE",
    "OPENING",
    "Encoders",
    "EventField",
    "body",
    "close_encoder",
    "encoder",
    "joined_blocks",
]

EventField = Callable[[JsonrpcMessage], str | None]
"""Takes the `id:` or `event:` of a block from its message; `None` leaves the field out."""

CLOSED_EVENT_ID: Final = "gatecast-closed"
"""The last event id of a stream that is not to come back by itself. A browser sends it back when
it reconnects, and is then told to stop."""

_CLOSE_EVENT: Final = "close"
_RESERVED: Final = {"event": _CLOSE_EVENT, "id": CLOSED_EVENT_ID}

_SEPARATOR: Final = "\n"

# What a server closes many streams with at once, so that they would all come back at once.
_SPREAD_AFTER: Final = frozenset(
    {CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER}
)
_SHORTEST_RETRY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Encoders:
    """What makes all that goes over the streams of one transport."""

    event: Callable[[Frame], Message]
    """The ASGI event that carries a frame."""
    chunk: Callable[[Frame], bytes]
    """A frame as a chunk of HTTP/1.1 (RFC 9112 section 7.1)."""
    joined: Callable[[Sequence[Frame]], bytes]
    """Several frames as one chunk."""
    close: Callable[[int, str], Message]
    """The final ASGI event."""

    @classmethod
    def of(
        cls, event: Callable[[Frame], Message], close: Callable[[int, str], Message]
    ) -> Encoders:
        """With chunks that carry what the events would."""

        def joined(frames: Sequence[Frame]) -> bytes:
            blocks = joined_blocks(frames, event)
            return b"%x\r\n%b\r\n" % (len(blocks), blocks)

        return cls(event, lambda frame: joined((frame,)), joined, close)


def body(block: bytes, *, more: bool = True) -> Message:
    """The ASGI event that carries `block`."""
    return {"type": "http.response.body", "body": block, "more_body": more}


OPENING: Final = body(ServerSentEvent(comment="connected", sep=_SEPARATOR).encode())
"""The first comment, which makes the server and every proxy send the headers."""

KEEP_ALIVE: Final = body(ServerSentEvent(comment="keep-alive", sep=_SEPARATOR).encode())


def encoder(event: EventField | None, event_id: EventField | None) -> Callable[[Frame], Message]:
    """Makes the one function that turns a frame into the ASGI event that all streams share.

    It raises `InvalidEventFieldError` for a field that would break out of its line, and for one
    that would make the block pass for the final event.
    """

    def encode(frame: Frame) -> Message:
        block = ServerSentEvent(
            frame.text,
            event=_field("event", event, frame.message),
            id=_field("id", event_id, frame.message),
            sep=_SEPARATOR,
        )
        return body(block.encode())

    return encode


def joined_blocks(frames: Sequence[Frame], event: Callable[[Frame], Message]) -> bytes:
    """What the events of `frames` carry, one after the other."""
    return b"".join([frame.encoded(event)["body"] for frame in frames])


def close_encoder(
    retry_spread: float, uniform: Callable[[float, float], float]
) -> Callable[[int, str], Message]:
    """Makes the function that turns a close into the final `close` event (LIF-3).

    Its id makes a browser stop if the close is for good, or was made for a cap: two tabs that both
    come back by themselves would evict each other for ever. If the server is going away or too
    busy, its `retry:` is a random time between a second and `retry_spread` seconds.
    """

    def encode(code: int, reason: str) -> Message:
        delay = uniform(_SHORTEST_RETRY, retry_spread) if code in _SPREAD_AFTER else None
        block = ServerSentEvent(
            json.dumps({"code": int(code), "reason": reason}),
            event=_CLOSE_EVENT,
            id=CLOSED_EVENT_ID if _stops(code) else None,
            retry=None if delay is None else round(delay * 1000),
            sep=_SEPARATOR,
        )
        return body(block.encode(), more=False)

    return encode


def _stops(code: int) -> bool:
    return is_final(code) or code == CloseCode.TOO_MANY_CONNECTIONS


def _field(name: str, take: EventField | None, message: JsonrpcMessage) -> str | None:
    value = take(message) if take is not None else None
    if value is None:
        return None
    if any(character in value for character in "\r\n\0"):
        raise InvalidEventFieldError(name, value)
    # An id comes back in a header, and there whitespace around it is lost.
    if (value.strip(" \t") if name == "id" else value) == _RESERVED[name]:
        raise InvalidEventFieldError(name, value, "it is reserved for the end of a stream")
    return value
