"""A real hypercorn on a loopback port, in the event loop of the test, asyncio's or trio's."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal, Protocol, cast

import anyio
import hypercorn.asyncio
import hypercorn.trio
import sniffio
from hypercorn.config import Config
from starlette.types import ASGIApp

__all__ = ["serving"]


class _Serve(Protocol):
    async def __call__(
        self,
        app: ASGIApp,
        config: Config,
        *,
        shutdown_trigger: Callable[[], Awaitable[object]],
        mode: Literal["asgi"],
    ) -> None: ...


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[int]:
    """Serve `app`; gives the port."""
    on_trio = sniffio.current_async_library() == "trio"
    # hypercorn annotates its WSGI half in part only.
    serve = cast(_Serve, hypercorn.trio.serve if on_trio else hypercorn.asyncio.serve)  # pyright: ignore[reportUnknownMemberType]
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]  # From now on hypercorn's.
    config.graceful_timeout = 0.1
    stopped = anyio.Event()

    async def run() -> None:
        await serve(app, config, shutdown_trigger=stopped.wait, mode="asgi")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        try:
            yield port
        finally:
            stopped.set()
