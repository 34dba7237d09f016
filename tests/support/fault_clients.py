"""Real clients that note all they see: each message, and when and how they were closed."""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import httpx
from httpx_sse import EventSource, SSEError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.cluster_control import News, tier_of
from tests.support.fault_rig import RECOVERY, RigNode

__all__ = ["FaultClient", "SocketClient", "StreamClient"]


class FaultClient(ABC):
    """One client of one node. Its task ends when it is refused or closed."""

    def __init__(
        self,
        node: RigNode,
        account: int,
        session: int,
        *,
        hesitation: float,
        on_connected: Callable[[FaultClient], object],
    ) -> None:
        self.node = node
        self.account = account
        self.session = session
        self.news: list[News] = []
        self.connected = asyncio.Event()
        self.close_code: int | None = None
        """What the server closed it with, if it was told."""
        self.closed_at: float | None = None
        self.errors: list[str] = []
        self._on_connected = on_connected
        self._port = node.port
        self._query = f"account={account}&session={session}&hesitation={hesitation}"
        self.life = asyncio.create_task(self._live())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} account {self.account} session {self.session}>"

    @property
    def open(self) -> bool:
        """Whether it was let in and not yet closed."""
        return self.connected.is_set() and self.closed_at is None

    def may_see(self, news: News) -> bool:
        """Whether a message is for its identity."""
        return news.account in {None, self.account} and news.tier in {None, tier_of(self.account)}

    async def leave(self) -> None:
        """Go away."""
        self.life.cancel()
        await asyncio.wait([self.life])

    async def _live(self) -> None:
        try:
            await self._read()
        except (OSError, InvalidHandshake, ConnectionClosed, httpx.HTTPError, SSEError):
            pass  # It was refused, or its node was killed.
        finally:
            self.closed_at = time.monotonic()

    @abstractmethod
    async def _read(self) -> None:
        """Connect, and note everything until the end."""

    def _let_in(self) -> None:
        self.connected.set()
        self._on_connected(self)

    def _note(self, text: str | bytes) -> None:
        if self.close_code is not None:
            self.errors.append(f"{self!r} received something after its close: {text!r}")
        self.news.append(News.model_validate(json.loads(text)["params"]))


class SocketClient(FaultClient):
    """A client of the `websockets` library."""

    async def _read(self) -> None:
        async with connect(
            f"ws://127.0.0.1:{self._port}/socket?{self._query}",
            proxy=None,
            ping_interval=None,
            open_timeout=RECOVERY,
            close_timeout=1.0,
        ) as connection:
            self._let_in()
            async for message in connection:
                self._note(message)
        self.close_code = connection.close_code


class StreamClient(FaultClient):
    """A client of `httpx` and `httpx-sse`."""

    async def _read(self) -> None:
        async with (
            httpx.AsyncClient(timeout=None, trust_env=False, verify=False) as client,
            client.stream("GET", f"http://127.0.0.1:{self._port}/stream?{self._query}") as response,
        ):
            if response.status_code != 200:
                return
            self._let_in()
            async for event in EventSource(response).aiter_sse():
                if event.event == "close":
                    self.close_code = event.json()["code"]
                else:
                    self._note(event.data)
