"""What goes over a stream: blocks of `text/event-stream` (WHATWG HTML section 9.2)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, cast

from gatecast.close_codes import CloseCode, is_final
from gatecast.errors import InvalidEventFieldError
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessage
from gatecast.ports.ending import Ending
from gatecast_adapters._asgi.server import KnownServer
from gatecast_adapters._asgi.types import Message
from gatecast_adapters._asgi.uvicorn_shared import find_chunked_response
from gatecast_adapters._asgi.wire import SharedBytes, WireForm

__all__ = [
    "CLOSED_EVENT_ID",
    "HEADERS",
    "KEEP_ALIVE",
    "OPENING",
    "EventField",
    "body",
    "close_encoder",
    "encoder",
    "joined_chunk",
    "stream_form",
]

EventField = Callable[[JsonrpcMessage], str | None]
"""Takes the `id:` or `event:` of a block from its message; `None` leaves the field out."""

CLOSED_EVENT_ID: Final = "gatecast-closed"
"""The last event id of a stream that must not reconnect by itself. A browser sends it when it
reconnects, and then gets 204, at which it stops."""

_CLOSE_EVENT: Final = "close"
_RESERVED: Final = {"event": _CLOSE_EVENT, "id": CLOSED_EVENT_ID}

HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    # No other response may follow on the connection: it is aborted if its peer does not take the
    # close in time (REV-7).
    (b"connection", b"close"),
)
"""What the response of a stream begins with."""

# What a server closes many streams with at once, so that they would all reconnect at once.
_SPREAD_AFTER: Final = frozenset(
    {CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER}
)
_SHORTEST_RETRY: Final = 1.0


def body(block: bytes, *, more: bool = True) -> Message:
    """The ASGI event that carries `block`."""
    return {"type": "http.response.body", "body": block, "more_body": more}


def _comment(text: str) -> Message:
    return body(f": {text}\n\n".encode())


def _block(*fields: tuple[str, str | None]) -> bytes:
    """An event of those of `fields` that have a value, each of which is one line."""
    lines = [f"{name}: {value}\n" for name, value in fields if value is not None]
    return f"{''.join(lines)}\n".encode()


OPENING: Final = _comment("connected")
"""The first comment, which makes the server and every proxy send the headers."""

KEEP_ALIVE: Final = _comment("keep-alive")


def encoder(event: EventField | None, event_id: EventField | None) -> Callable[[Frame], Message]:
    """The one function that turns a frame into the ASGI event that all streams share.

    It raises `InvalidEventFieldError` for a field that would break out of its line, and for one
    that would make the block pass for the final event.
    """
    return partial(_encode, event, event_id)


def _encode(event: EventField | None, event_id: EventField | None, frame: Frame) -> Message:
    id_field = ("id", _field("id", event_id, frame.message))
    event_field = ("event", _field("event", event, frame.message))
    return body(_block(id_field, event_field, ("data", frame.text)))


def stream_form(event: Callable[[Frame], Message], close: Callable[[Ending], Message]) -> WireForm:
    """How everything goes over the streams of one transport."""
    return WireForm(
        event=event,
        join=partial(_joined, event),
        close=close,
        keep_alive=KEEP_ALIVE,
        shared=partial(_chunk, event),
        find_shared=_find_chunks,
    )


def joined_chunk(event: Callable[[Frame], Message], frames: Sequence[Frame]) -> bytes:
    """`frames` as one chunk of HTTP/1.1 (RFC 9112 section 7.1), which carries what events would."""
    blocks = _joined_blocks(event, frames)
    return b"%x\r\n%b\r\n" % (len(blocks), blocks)


def _chunk(event: Callable[[Frame], Message], frame: Frame) -> bytes:
    return joined_chunk(event, (frame,))


def _joined(event: Callable[[Frame], Message], frames: Sequence[Frame]) -> Message:
    return body(_joined_blocks(event, frames))


def _joined_blocks(event: Callable[[Frame], Message], frames: Sequence[Frame]) -> bytes:
    # A cast, since an event's values are of any type, and `body` has made this one.
    return b"".join([cast(bytes, frame.encoded(event)["body"]) for frame in frames])


def _find_chunks(server: KnownServer | None) -> SharedBytes | None:
    response = find_chunked_response(server)
    return None if response is None else SharedBytes(response.transport, sys.maxsize)


def close_encoder(
    retry_spread: float, uniform: Callable[[float, float], float]
) -> Callable[[Ending], Message]:
    """The function that turns a close into the final `close` event (LIF-3).

    Its id makes a browser stop if the close is for good, or was made for a cap: two tabs that both
    reconnect by themselves would evict each other for ever. If the server is going away or too
    busy, its `retry:` is a random time between a second and `retry_spread` seconds.
    """
    return partial(_encode_close, retry_spread, uniform)


def _encode_close(
    retry_spread: float, uniform: Callable[[float, float], float], ending: Ending
) -> Message:
    delay = uniform(_SHORTEST_RETRY, retry_spread) if ending.code in _SPREAD_AFTER else None
    block = _block(
        ("id", CLOSED_EVENT_ID if _stops(ending.code) else None),
        ("event", _CLOSE_EVENT),
        ("data", json.dumps({"code": int(ending.code), "reason": ending.reason})),
        ("retry", None if delay is None else str(round(delay * 1000))),
    )
    return body(block, more=False)


def _stops(code: int) -> bool:
    return is_final(code) or code == CloseCode.TOO_MANY_CONNECTIONS


def _field(name: str, take: EventField | None, message: JsonrpcMessage) -> str | None:
    value = take(message) if take is not None else None
    if value is None:
        return None
    if any(character in value for character in "\r\n\0"):
        raise InvalidEventFieldError(name, value)
    # An id is returned in a header, and there whitespace around it is lost.
    if (value.strip(" \t") if name == "id" else value) == _RESERVED[name]:
        raise InvalidEventFieldError(name, value, "it is reserved for the end of a stream")
    return value
