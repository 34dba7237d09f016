"""Clients of the examples, at whatever path and with whatever credential."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx
from websockets.asyncio.client import connect

from tests.support.clients import StreamClient, WebsocketClient
from tests.support.waiting import PATIENCE

__all__ = ["cookie", "open_socket", "open_stream"]


def cookie(secret: str) -> dict[str, str]:
    """The header with which a browser presents its session."""
    return {"Cookie": f"session={secret}"}


@asynccontextmanager
async def open_socket(url: str, headers: Mapping[str, str]) -> AsyncGenerator[WebsocketClient]:
    """Connect to a WebSocket endpoint, and close in the end."""
    async with connect(
        url.replace("http", "ws", 1), additional_headers=headers, open_timeout=PATIENCE, proxy=None
    ) as connection:
        yield WebsocketClient(connection)


@asynccontextmanager
async def open_stream(url: str, headers: Mapping[str, str]) -> AsyncGenerator[StreamClient]:
    """Open a stream, and close in the end."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
        http.stream("GET", url, headers=headers) as response,
    ):
        assert response.status_code == 200, response.status_code
        yield StreamClient(response)
