"""The parts of a connection behind uvicorn that can be written to with what all peers share.

uvicorn frames each message anew for each connection, although a server's WebSocket frames are not
masked, and chunks of HTTP/1.1 say nothing of their connection. Where a connection is of one of
uvicorn's default protocols, whose parts are known, a handle writes what all share straight to its
transport while that is open and nothing waits in it; else uvicorn's own `send` decides.
"""

from __future__ import annotations

from asyncio import WriteTransport
from typing import Protocol, cast

from gatecast_adapters._asgi.server import KnownServer, Shareable

__all__ = ["find_chunked_response", "find_open_websocket"]


class _State(Protocol):
    @property
    def name(self) -> str: ...


class _WebsocketsProtocol(Protocol):
    state: _State
    extensions: list[object]


class _Websocket(Protocol):
    """What is used of uvicorn's `WebSocketsSansIOProtocol`."""

    conn: _WebsocketsProtocol
    transport: WriteTransport


class _Response(Protocol):
    """What is used of the `RequestResponseCycle` of uvicorn's `httptools_impl`."""

    chunked_encoding: bool | None
    transport: WriteTransport


def find_open_websocket(server: KnownServer | None) -> _Websocket | None:
    """The accepted connection of uvicorn's default protocol; `None` for any other."""
    if server is None or server.shareable is not Shareable.FRAMES:
        return None
    # Both casts: the only classes that can share these have these parts.
    connection = cast(_Websocket, server.connection)
    return connection if connection.conn.state.name == "OPEN" else None


def find_chunked_response(server: KnownServer | None) -> _Response | None:
    """The chunked response of uvicorn's default protocol; `None` for any other."""
    if server is None or server.shareable is not Shareable.CHUNKS:
        return None
    response = cast(_Response, server.connection)
    return response if response.chunked_encoding else None
