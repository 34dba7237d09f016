"""The same bytes for all peers, behind uvicorn.

uvicorn frames each message anew for each connection, although a server's WebSocket frames are not
masked, and chunks of HTTP/1.1 say nothing of their connection. Where a connection is of one of
uvicorn's default protocols, whose parts are known, the bytes that all share are written straight to
its transport; in any state but the ordinary one its own `send` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, cast

from gatecast.frame import Frame
from gatecast_adapters._asgi_server import KnownServer, Shareable
from gatecast_adapters._websocket_frames import shared_below, text_frame

__all__ = ["SharedBytes", "SharedChunks", "SharedFrames"]


class _Transport(Protocol):
    def is_closing(self) -> bool: ...
    def write(self, data: bytes) -> None: ...


class _Event(Protocol):
    def is_set(self) -> bool: ...


class _State(Protocol):
    @property
    def name(self) -> str: ...


class _WebsocketsProtocol(Protocol):
    state: _State
    extensions: list[object]


class _WebsocketConnection(Protocol):
    """What is used of uvicorn's `WebSocketsSansIOProtocol`."""

    conn: _WebsocketsProtocol
    writable: _Event
    transport: _Transport


class _FlowControl(Protocol):
    write_paused: bool


class _Response(Protocol):
    """What is used of the `RequestResponseCycle` of uvicorn's `httptools_impl`."""

    chunked_encoding: bool | None
    flow: _FlowControl
    transport: _Transport


class SharedFrames:
    """Writes the WebSocket frames that all peers share to one connection, while it takes them."""

    __slots__ = ("_below", "_open", "_protocol", "_transport", "_writable")

    def __init__(self, connection: _WebsocketConnection) -> None:
        self._transport = connection.transport
        self._protocol = connection.conn
        self._writable = connection.writable
        self._open = connection.conn.state
        self._below = shared_below(connection.conn.extensions)

    @classmethod
    def of(cls, server: KnownServer | None) -> SharedFrames | None:
        """For an accepted connection of uvicorn's default protocol; `None` for any other."""
        if server is None or server.shareable is not Shareable.FRAMES:
            return None
        # Both casts: the only classes that can share these have these parts.
        connection = cast(_WebsocketConnection, server.connection)
        return cls(connection) if connection.conn.state.name == "OPEN" else None

    def send(self, frame: Frame) -> bool:
        """Write `frame`, unless that is for the connection's own `send`: then it returns False."""
        transport = self._transport
        # Not asked is uvicorn's `disconnected`: its connection is in no cache when a broadcast
        # comes by, while the transport is needed anyway, and is closing by then.
        if (
            transport.is_closing()
            or not self._writable.is_set()
            or self._protocol.state is not self._open
            or len(frame.data) >= self._below
        ):
            return False
        transport.write(frame.encoded(text_frame))
        return True


class SharedChunks:
    """Writes the chunks that all streams share to one connection, while it takes them."""

    __slots__ = ("_encode", "_flow", "_transport")

    def __init__(self, response: _Response, encode: Callable[[Frame], bytes]) -> None:
        self._transport = response.transport
        self._flow = response.flow
        self._encode = encode

    @classmethod
    def of(
        cls, server: KnownServer | None, encode: Callable[[Frame], bytes]
    ) -> SharedChunks | None:
        """For a chunked response of uvicorn's default protocol; `None` for any other."""
        if server is None or server.shareable is not Shareable.CHUNKS:
            return None
        response = cast(_Response, server.connection)
        return cls(response, encode) if response.chunked_encoding else None

    def send(self, frame: Frame) -> bool:
        """As `SharedFrames.send`."""
        return self.write(frame.encoded(self._encode))

    def write(self, chunks: bytes) -> bool:
        """Write whole chunks, under the same condition."""
        transport = self._transport
        # Not asked is what else uvicorn would: that the response is not complete, which only a
        # close of our own makes it, and that the peer is there, which the transport knows.
        if transport.is_closing() or self._flow.write_paused:
            return False
        transport.write(chunks)
        return True


SharedBytes: TypeAlias = SharedFrames | SharedChunks
