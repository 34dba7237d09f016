"""Servers under test that are ASGI applications: uvicorn as `uvicorn[standard]` sets it up."""

import asyncio
import socket
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from benchmarks.servers._server import Options, Server, Subscriber

Application = Callable[..., Awaitable[object] | object]
"""An ASGI application, in either of its forms."""

PING_SECONDS: Final = 3_600
"""For what sends pings and can't be told not to: longer than any run."""


def serve(app: Application, listener: socket.socket, options: Options) -> asyncio.Task[None]:
    """Begin to serve `app` in the event loop that is already running."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=None,
        ws_per_message_deflate=options.deflate,
        lifespan="off",
        log_level="warning",
        access_log=False,
    )
    return asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))


class UvicornServer(Server):
    """Serves the Starlette routes of a subclass, in the event loop that is already running."""

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """The application's routes; the load generator opens `/`."""

    async def start(self, listener: socket.socket) -> None:
        self._serving = serve(Starlette(routes=self.routes()), listener, self.options)


def subscriber_of(connection: HTTPConnection) -> Subscriber:
    """Identifies the client of a request or WebSocket."""
    return Subscriber.from_query(connection.url.query)
