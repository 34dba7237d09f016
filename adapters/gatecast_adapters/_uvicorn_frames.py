"""One WebSocket frame for all peers, behind uvicorn.

uvicorn frames each message anew for each connection, although the frames of a server are not masked
and so are the same for everyone. Where a connection is of uvicorn's default protocol, whose parts
are known, the bytes that all share are written straight to its transport; in any state but the
ordinary one its own `send` decides.
"""

from __future__ import annotations

from typing import Protocol, cast

from gatecast.frame import Frame
from gatecast_adapters._asgi_server import KnownServer
from gatecast_adapters._websocket_frames import shared_below, text_frame

__all__ = ["SharedFrames"]


class _Event(Protocol):
    def is_set(self) -> bool: ...


class _State(Protocol):
    @property
    def name(self) -> str: ...


class _WebsocketsProtocol(Protocol):
    state: _State
    extensions: list[object]


class _Transport(Protocol):
    def is_closing(self) -> bool: ...
    def write(self, data: bytes) -> None: ...


class _Connection(Protocol):
    """What is used of uvicorn's `WebSocketsSansIOProtocol`."""

    conn: _WebsocketsProtocol
    writable: _Event
    transport: _Transport


class SharedFrames:
    """Writes frames that are shared to one connection, as long as it takes them."""

    __slots__ = ("_below", "_open", "_protocol", "_transport", "_writable")

    def __init__(self, connection: _Connection) -> None:
        self._transport = connection.transport
        self._protocol = connection.conn
        self._writable = connection.writable
        self._open = connection.conn.state
        self._below = shared_below(connection.conn.extensions)

    @classmethod
    def of(cls, server: KnownServer | None) -> SharedFrames | None:
        """For an accepted connection of uvicorn's default protocol; `None` for any other."""
        if server is None or type(server.connection).__name__ != "WebSocketsSansIOProtocol":
            return None
        # That class has these parts; `find_known_server` has seen that it is uvicorn's.
        connection = cast(_Connection, server.connection)
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
