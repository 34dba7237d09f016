"""One WebSocket frame for all peers, behind uvicorn.

uvicorn frames each message anew for each connection, although the frames of a server are not masked
and so are the same for everyone. Where a connection is of uvicorn's default protocol, whose parts
are known, the bytes that all share are written straight to its transport; in any state but the
ordinary one its own `send` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from gatecast_adapters._asgi_server import KnownServer
from gatecast_adapters._websocket_frames import shared_below

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
    def write(self, data: bytes) -> None: ...


class _Connection(Protocol):
    """What is used of uvicorn's `WebSocketsSansIOProtocol`."""

    conn: _WebsocketsProtocol
    writable: _Event
    disconnected: bool
    transport: _Transport


class SharedFrames:
    """Writes frames that are shared to one connection, as long as it takes them."""

    __slots__ = ("_connection", "_open", "_protocol", "_writable", "below", "write")

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._protocol = connection.conn
        self._writable = connection.writable
        self._open = connection.conn.state
        self.below = shared_below(connection.conn.extensions)
        """The size in bytes from which on a message is framed for this connection alone."""
        self.write: Callable[[bytes], None] = connection.transport.write

    @classmethod
    def of(cls, server: KnownServer | None) -> SharedFrames | None:
        """For an accepted connection of uvicorn's default protocol; `None` for any other."""
        if server is None or type(server.connection).__name__ != "WebSocketsSansIOProtocol":
            return None
        # That class has these parts; `find_known_server` has seen that it is uvicorn's.
        connection = cast(_Connection, server.connection)
        return cls(connection) if connection.conn.state.name == "OPEN" else None

    def taken(self) -> bool:
        """Whether the connection is open, and its peer keeps up: what `send` would look at."""
        return (
            self._writable.is_set()
            and self._protocol.state is self._open
            and not self._connection.disconnected
        )
