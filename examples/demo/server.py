"""uvicorn for the demo: on loopback, and it stops even while streams are open."""

from __future__ import annotations

import socket

import uvicorn
from typing_extensions import override

from examples.demo.app import Demo
from gatecast import CloseCode

HOST = "127.0.0.1"


class DemoServer(uvicorn.Server):
    """A uvicorn server that closes the demo's connections first when it stops.

    Otherwise it would wait for every response to end, and a stream never ends by itself.
    """

    def __init__(self, demo: Demo) -> None:
        # Access logs would show the secrets that the page puts into URLs.
        config = uvicorn.Config(demo.app, log_level="warning", access_log=False)
        super().__init__(config)
        self._demo = demo

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._demo.close_everything(CloseCode.GOING_AWAY, "Server shutting down")
        await super().shutdown(sockets)


def listen(port: int) -> socket.socket:
    """Listen on `port` of the loopback interface, or on any free one if that can't be had."""
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError):
        return socket.create_server((HOST, 0))


def url_of(listener: socket.socket) -> str:
    """Where a browser finds what `listener` serves."""
    port: int = listener.getsockname()[1]
    return f"http://{HOST}:{port}"
