"""Real clients of the demo, which note what they receive and how they are closed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx
import websockets
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from httpx_sse import EventSource, aconnect_sse
from typing_extensions import override

from examples.demo.scenario import Outcome


class Client:
    """One client of the demo at `url`, which presents its credential in `headers`.

    After a revocation it tries to reconnect, to `return_url`.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.return_url = url
        self.headers = headers
        self.received: list[str] = []
        self.close: tuple[int, str] | None = None
        self.reconnected: int | None = None
        self.done = anyio.Event()

    @property
    def outcome(self) -> Outcome:
        """What it saw so far."""
        return Outcome(tuple(self.received), self.close, self.reconnected)

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Connect, read until the connection is closed, and reconnect after a revocation."""
        await self.read_until_closed(task_status)
        if self.close is not None and self.close[0] == 4001:
            self.reconnected = await self.reconnect()
        self.done.set()

    def note(self, message: str | bytes) -> None:
        """Note the text of a message."""
        self.received.append(json.loads(message)["params"]["text"])

    async def read_until_closed(self, task_status: TaskStatus[None]) -> None:
        """Connect, report it, and note every message and the close."""
        raise NotImplementedError

    async def reconnect(self) -> int:
        """Connect again, as a browser would; return the HTTP status of the answer."""
        raise NotImplementedError


class WebsocketClient(Client):
    """A client of the `websockets` library."""

    @override
    async def read_until_closed(self, task_status: TaskStatus[None]) -> None:
        async with self._connect(self.url) as socket:
            task_status.started()
            try:
                while True:
                    self.note(await socket.recv())
            except websockets.ConnectionClosed as closed:
                if closed.rcvd is not None:
                    self.close = (closed.rcvd.code, closed.rcvd.reason)

    @override
    async def reconnect(self) -> int:
        try:
            async with self._connect(self.return_url):
                return 101
        except websockets.InvalidStatus as refused:
            return refused.response.status_code

    def _connect(self, url: str) -> websockets.connect:
        address = f"{url.replace('http', 'ws', 1)}/websocket"
        return websockets.connect(address, additional_headers=self.headers, proxy=None)


class SseClient(Client):
    """A client of the `httpx-sse` library."""

    last_event_id = ""

    @override
    async def read_until_closed(self, task_status: TaskStatus[None]) -> None:
        async with self._connect(self.url) as source:
            task_status.started()
            async for event in source.aiter_sse():
                self.last_event_id = event.id
                if event.event == "close":
                    close = event.json()
                    self.close = (close["code"], close["reason"])
                else:
                    self.note(event.data)

    @override
    async def reconnect(self) -> int:
        async with self._connect(self.return_url, self.last_event_id) as source:
            return source.response.status_code

    @asynccontextmanager
    async def _connect(self, url: str, last_event_id: str = "") -> AsyncGenerator[EventSource]:
        headers = {**self.headers, "Last-Event-ID": last_event_id}
        async with (
            httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(5, read=None)) as http,
            aconnect_sse(http, "GET", f"{url}/sse", headers=headers) as source,
        ):
            yield source
