"""A real uvicorn on a loopback port, in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from anyio.lowlevel import checkpoint
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import ServerState

from tests.support.waiting import PATIENCE, until

__all__ = ["UvicornServer", "serving"]


@dataclass(frozen=True, slots=True)
class UvicornServer:
    """A server that accepts connections."""

    port: int
    state: ServerState

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def is_idle(self) -> None:
        """Wait until no request is served, and every socket is closed."""
        state = self.state
        await until(
            lambda: not state.tasks and not state.connections,
            f"the server to end {state.tasks} and to close {state.connections}",
        )

    async def has_a_connection(self) -> None:
        """Wait until a client is connected, whatever it has asked for."""
        await until(lambda: self.state.connections, "a client to connect")

    async def has_no_connection(self) -> None:
        """Wait until the server has noticed that its last client is gone."""
        await until(lambda: not self.state.connections, "the last client to be gone")

    def pause_writing(self) -> None:
        """Have the server take every peer for one that doesn't read."""
        for connection in self.state.connections:
            connection.pause_writing()

    def resume_writing(self) -> None:
        """Have the server take every peer for one that reads on."""
        for connection in self.state.connections:
            connection.resume_writing()

    def end_keepalive(self) -> None:
        """Have the server take every WebSocket for one that has not answered its ping."""
        for connection in self.state.connections:
            assert isinstance(connection, WebSocketsSansIOProtocol | WSProtocol)
            connection.keepalive_timeout()

    async def lose_connections(self) -> None:
        """Lose every connection, and go on before any app can have heard of it."""
        _abort(self.state)
        await checkpoint()
        assert not self.state.connections

    def unsent(self) -> int:
        """How many bytes wait in the server, since the kernel takes no more of them."""
        transports = [connection.transport for connection in self.state.connections]
        return sum(transport.get_write_buffer_size() for transport in transports)


@asynccontextmanager
async def serving(
    app: ASGIApp, *, ws: str = "websockets-sansio", http: str = "httptools"
) -> AsyncGenerator[UvicornServer]:
    """Serve `app` with the protocols that uvicorn knows by these names.

    In the end, what clients have left open is aborted, and then no task may be left.
    """
    before = asyncio.all_tasks()
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws=ws,
        http=http,
        lifespan="off",
        log_config=None,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield UvicornServer(server.servers[0].sockets[0].getsockname()[1], server.server_state)
    finally:
        await _stop(server)
    await until(lambda: asyncio.all_tasks() <= before, "the last task to end")


def _abort(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.transport.abort()


async def _stop(server: uvicorn.Server) -> None:
    # Its own `shutdown` would wait for clients, and always takes a tenth of a second.
    for listener in server.servers:
        listener.close()
    _abort(server.server_state)
    if server.server_state.tasks:
        await asyncio.wait(server.server_state.tasks, timeout=PATIENCE)
