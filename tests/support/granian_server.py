"""A real granian on a loopback port, in the event loop of the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from tests.support.waiting import until

__all__ = ["serving"]


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[int]:
    """Serve `app`; gives the port."""
    # It can't say which port it was given, so one is reserved by a socket that does not listen.
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        server = Server(app, port=port, interface=Interfaces.ASGINL, log_enabled=False)
        served = asyncio.ensure_future(server.serve())
        await until(lambda: _accepts(port), "granian to accept connections")
        try:
            yield port
        finally:
            server.stop()  # type: ignore[no-untyped-call]  # It is not annotated.
            await served


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
