"""Servers under test that are ASGI applications: uvicorn as `uvicorn[standard]` sets it up."""

import asyncio
import socket
from abc import abstractmethod
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from benchmarks.servers._server import Server, Subscriber

PING_SECONDS: Final = 3_600
"""For what sends pings and can't be told not to: longer than any run."""


class UvicornServer(Server):
    """Serves the Starlette routes of a subclass, in the event loop that is already running."""

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """The application's routes; the load generator opens `/`."""

    async def start(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            Starlette(routes=self.routes()),
            http="httptools",
            ws="websockets-sansio",
            ws_ping_interval=None,
            ws_per_message_deflate=self.options.deflate,
            lifespan="off",
            log_level="warning",
            access_log=False,
        )
        self._serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))


def subscriber_of(connection: HTTPConnection) -> Subscriber:
    """Identifies the client of a request or WebSocket."""
    return Subscriber.from_query(connection.url.query)
