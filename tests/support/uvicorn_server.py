"""A real uvicorn on a loopback port, in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

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
        """Have every transport tell the server that its peer doesn't read."""
        for connection in self.state.connections:
            _valve_of(connection.transport).shut = True
            connection.pause_writing()

    def resume_writing(self) -> None:
        """Have every transport tell the server that its peer reads on."""
        for connection in self.state.connections:
            _valve_of(connection.transport).shut = False
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
    with_valve = partial(_with_valve, config.http_protocol_class)
    # A cast, since all that is done with the class is to call it.
    config.http_protocol_class = cast(type[asyncio.Protocol], with_valve)
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield UvicornServer(server.servers[0].sockets[0].getsockname()[1], server.server_state)
    finally:
        await _stop(server)
    await until(lambda: asyncio.all_tasks() <= before, "the last task to end")


class _Valve:
    """A transport that says, while it is shut, that the kernel takes nothing more."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.shut = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def get_write_buffer_size(self) -> int:
        return max(self._transport.get_write_buffer_size(), self.shut)


def _with_valve(
    protocol_class: Callable[..., asyncio.Protocol], **options: object
) -> asyncio.Protocol:
    protocol = protocol_class(**options)
    connection_made = protocol.connection_made

    def connection_made_with_valve(transport: asyncio.BaseTransport) -> None:
        # Both casts: a server's transports are those of streams, and so is the valve, which has
        # from its transport what it does not define itself.
        valve = _Valve(cast(asyncio.Transport, transport))
        connection_made(cast(asyncio.Transport, valve))

    # Not in a subclass: adapters know the server by the name of its class.
    protocol.connection_made = connection_made_with_valve  # type: ignore[method-assign]
    return protocol


def _valve_of(transport: object) -> _Valve:
    assert isinstance(transport, _Valve)
    return transport


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
