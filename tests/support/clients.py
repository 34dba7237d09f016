"""Well-behaved clients that we did not write, with every wait bounded."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol, cast

import anyio
import httpx
from httpx_sse import EventSource, ServerSentEvent
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from tests.support.waiting import PATIENCE

__all__ = ["Close", "StreamClient", "WebsocketClient"]


class Server(Protocol):
    """A server of whatever kind."""

    @property
    def port(self) -> int: ...


class Close(NamedTuple):
    """How the server ended a connection."""

    code: int
    reason: str


class WebsocketClient:
    """A client of the `websockets` library."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    @classmethod
    @asynccontextmanager
    async def to(
        cls, server: Server, name: str, *, origin: str | None = None
    ) -> AsyncGenerator[WebsocketClient]:
        """Connect as `name`, and close in the end."""
        async with connect(
            f"ws://127.0.0.1:{server.port}/?as={name}",
            origin=None if origin is None else Origin(origin),
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            proxy=None,
        ) as connection:
            yield cls(connection)

    async def send(self, text: str | bytes) -> None:
        """Send one message."""
        with anyio.fail_after(PATIENCE):
            await self.connection.send(text)

    async def receive(self) -> dict[str, object]:
        """The next message."""
        with anyio.fail_after(PATIENCE):
            message: dict[str, object] = json.loads(await self.connection.recv())
        return message

    async def number(self) -> object:
        """The number of the next message, which is a `people.note`."""
        return _number((await self.receive())["params"])

    async def closed(self) -> Close:
        """Nothing but the close comes next, and the connection is over."""
        with anyio.fail_after(PATIENCE):
            try:
                message = await self.connection.recv()
            except ConnectionClosed:
                await self.connection.wait_closed()
                return Close(self.connection.close_code or 1006, self.connection.close_reason or "")
        raise AssertionError(f"received {message!r}, not a close")


class StreamClient:
    """A client of `httpx` and `httpx-sse`."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._events: AsyncIterator[ServerSentEvent] = EventSource(response).aiter_sse()

    @classmethod
    @asynccontextmanager
    async def to(cls, server: Server, name: str) -> AsyncGenerator[StreamClient]:
        """Open a stream as `name`, and close in the end."""
        async with (
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=False) as client,
            client.stream("GET", f"http://127.0.0.1:{server.port}/?as={name}") as response,
        ):
            yield cls(response)

    async def event(self) -> ServerSentEvent:
        """The next event."""
        with anyio.fail_after(PATIENCE):
            return await anext(self._events)

    async def number(self) -> object:
        """The number of the next event, which is a `people.note`."""
        return _number((await self.event()).json()["params"])

    async def closed(self) -> Close:
        """Nothing but the close event comes next, and the stream is over."""
        event = await self.event()
        assert event.event == "close", event
        with anyio.fail_after(PATIENCE):
            async for more in self._events:
                raise AssertionError(f"received {more!r} after the close")
        return Close(**event.json())


def _number(params: object) -> object:
    assert isinstance(params, Mapping)
    numbered = cast(Mapping[str, object], params)  # A JSON object has no other keys.
    return numbered["number"]
