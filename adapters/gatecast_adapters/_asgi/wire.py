"""What differs between the handles of sockets and of streams, as values that they are given."""

from __future__ import annotations

from asyncio import WriteTransport
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast_adapters._asgi.server import KnownServer
from gatecast_adapters._asgi.types import Message
from gatecast_adapters._asgi.uvicorn_shared import find_open_websocket
from gatecast_adapters._websocket_frames import shared_below, text_frame

__all__ = ["WEBSOCKET", "SharedBytes", "WireForm"]


@dataclass(frozen=True, slots=True)
class SharedBytes:
    """Where one connection may be written to with bytes that all connections share."""

    transport: WriteTransport
    below: int
    """The size in bytes from which on a message is encoded for one connection alone."""


@dataclass(frozen=True, slots=True)
class WireForm:
    """How frames and closes go out, the same for all connections of one transport."""

    event: Callable[[Frame], Message]
    """The ASGI event that carries a frame."""
    join: Callable[[Sequence[Frame]], Message] | None
    """The ASGI event that carries several frames; `None` where each has an event of its own."""
    close: Callable[[Ending], Message]
    """The ASGI event that tells the peer how it ended."""
    keep_alive: Message | None
    """The ASGI event that keeps an idle connection; `None` where the server does that."""
    shared: Callable[[Frame], bytes]
    """A frame as the bytes that all connections share."""
    find_shared: Callable[[KnownServer | None], SharedBytes | None]
    """Where those bytes may be written; `None` where the server has to be asked."""


def _text_event(frame: Frame) -> Message:
    return {"type": "websocket.send", "text": frame.text}


def _close_event(ending: Ending) -> Message:
    return {"type": "websocket.close", "code": ending.code, "reason": ending.reason}


def _find_socket(server: KnownServer | None) -> SharedBytes | None:
    connection = find_open_websocket(server)
    if connection is None:
        return None
    return SharedBytes(connection.transport, shared_below(connection.conn.extensions))


WEBSOCKET: Final = WireForm(
    event=_text_event,
    join=None,
    close=_close_event,
    keep_alive=None,
    shared=text_frame,
    find_shared=_find_socket,
)
"""A frame is a text frame."""
