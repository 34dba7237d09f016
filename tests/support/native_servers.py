"""The native servers on a loopback port, in the event loop of the test, with one transport each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypedDict
from urllib.parse import parse_qs, urlsplit

from picows import (
    WSUpgradeRequest,
    WSUpgradeResponseWithListener,
    ws_create_server,  # pyright: ignore[reportUnknownVariableType]  # annotated in part only
)
from typing_extensions import Unpack
from websockets.asyncio.server import serve
from websockets.http11 import Request

from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import Observer, OnDrop
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.picows_server import OnMessage, PicowsServerTransport
from gatecast_adapters.websockets_server import WebsocketsServerTransport
from tests.support.clients import WebsocketClient
from tests.support.people import identity_of
from tests.support.raw_peer import RawWebsocket
from tests.support.waiting import until

__all__ = [
    "IdentifyName",
    "NativeOptions",
    "NativeServer",
    "NativeServerTransport",
    "Serving",
    "serving_picows",
    "serving_websockets",
]

NativeServerTransport: TypeAlias = (
    WebsocketsServerTransport[ConnectionIdentity] | PicowsServerTransport[ConnectionIdentity]
)

IdentifyName: TypeAlias = Callable[[str], Awaitable[ConnectionIdentity | None]]
"""Says who somebody is, by the name that the query of the request gives."""


class NativeOptions(TypedDict, total=False):
    """Options that both transports have."""

    limits: OutboxLimits
    close_timeout: float
    idle_timeout: float
    allowed_origins: Collection[str]
    on_drop: OnDrop[ConnectionIdentity]
    observer: Observer[ConnectionIdentity]


@dataclass(frozen=True, slots=True)
class NativeServer:
    """A server that accepts connections, and its transport."""

    transport: NativeServerTransport
    port: int
    _tasks_before: set[asyncio.Task[object]] = field(default_factory=asyncio.all_tasks)

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def client(
        self, name: str, *, origin: str | None = None
    ) -> AsyncGenerator[WebsocketClient]:
        """A client that is registered."""
        count = self.transport.get_connection_count()
        async with WebsocketClient.to(self, name, origin=origin) as client:
            await self.has(count + 1)
            yield client

    @asynccontextmanager
    async def raw(self, name: str) -> AsyncGenerator[RawWebsocket]:
        """A peer that is registered, and reads only when it is told to."""
        count = self.transport.get_connection_count()
        async with RawWebsocket.to(self.port) as peer:
            await peer.open(f"/?as={name}")
            await self.has(count + 1)
            yield peer

    async def has(self, count: int) -> None:
        """Wait until there are so many connections."""
        transport = self.transport
        await until(lambda: transport.get_connection_count() == count, f"{count} connections")

    async def is_idle(self) -> None:
        """Wait until no connection is served, and nothing is left of it."""
        await until(lambda: not self._tasks(), f"{self._tasks()} to end")
        assert not self.transport.is_ready()

    def _tasks(self) -> list[asyncio.Task[object]]:
        # A client that is still open has a task of its own.
        return [
            task
            for task in asyncio.all_tasks() - self._tasks_before
            if "keepalive" not in repr(task)
        ]


class Serving(Protocol):
    """One of the two functions below."""

    def __call__(
        self,
        *,
        identify: IdentifyName = ...,
        on_message: OnMessage[ConnectionIdentity] | None = ...,
        **options: Unpack[NativeOptions],
    ) -> AbstractAsyncContextManager[NativeServer]: ...


async def _identify(name: str) -> ConnectionIdentity | None:
    return identity_of(name)


@asynccontextmanager
async def serving_websockets(
    *,
    identify: IdentifyName = _identify,
    on_message: OnMessage[ConnectionIdentity] | None = None,
    **options: Unpack[NativeOptions],
) -> AsyncGenerator[NativeServer]:
    """A server of `websockets`."""
    transport = WebsocketsServerTransport(**options)

    async def identify_request(request: Request) -> ConnectionIdentity | None:
        return await identify(_name(request.path))

    async with serve(
        lambda connection: transport.serve(connection, on_message=on_message),
        "127.0.0.1",
        0,
        process_request=transport.process_request(identify_request),
        ping_interval=None,
    ) as server:
        (listener,) = server.sockets
        yield NativeServer(transport, listener.getsockname()[1])
        transport.close_where(lambda _: True)


@asynccontextmanager
async def serving_picows(
    *,
    identify: IdentifyName = _identify,
    on_message: OnMessage[ConnectionIdentity] | None = None,
    **options: Unpack[NativeOptions],
) -> AsyncGenerator[NativeServer]:
    """A server of picows."""
    transport = PicowsServerTransport(**options)

    async def identify_request(request: WSUpgradeRequest) -> ConnectionIdentity | None:
        return await identify(_name(request.path.decode()))

    def listener(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return transport.serve(request, identify=identify_request, on_message=on_message)

    async with await ws_create_server(listener, "127.0.0.1", 0) as server:
        (socket,) = server.sockets
        running = NativeServer(transport, socket.getsockname()[1])
        yield running
        transport.close_where(lambda _: True)
    await running.is_idle()


def _name(path: str) -> str:
    return parse_qs(urlsplit(path).query).get("as", [""])[0]
