"""The relay through a Redis stream keeps every promise, with either of the protocols of Redis."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar, Literal

import pytest
from redis.asyncio import Redis

from gatecast.ports import Relay
from gatecast_adapters.redis_streams import RedisStreamsRelay
from gatecast_contracts import RelayContract, RelayLog
from tests.support.redis_server import RedisServer
from tests.support.tcp_proxy import TcpProxy


class RedisLog(RelayLog):
    """A server of its own; each relay object has a client of its own, behind one proxy."""

    def __init__(
        self, server: RedisServer, proxy: TcpProxy, clients: AsyncExitStack, protocol: int
    ) -> None:
        self._server = server
        self._proxy = proxy
        self._clients = clients
        self._protocol = protocol

    async def connect(self) -> Relay:
        client = Redis(port=self._proxy.port, protocol=self._protocol)
        await self._clients.enter_async_context(client)
        return RedisStreamsRelay(client, timeout=1)

    async def drop_oldest(self, count: int) -> None:
        length = await self._server.command("XLEN", "gatecast")
        assert isinstance(length, int)
        await self._server.command("XTRIM", "gatecast", "MAXLEN", length - count)

    async def lose(self) -> None:
        # A restart would cut the clients off as well, which is no part of this.
        await self._server.command("FLUSHALL")

    async def cut_off(self) -> None:
        self._proxy.swallow_requests()
        self._proxy.swallow_answers()

    async def restore(self) -> None:
        self._proxy.heal()


class RedisRelayContract(RelayContract, abstract=True):
    protocol: ClassVar[Literal[2, 3]]

    @asynccontextmanager
    async def open_log(self) -> AsyncGenerator[RelayLog]:
        async with (
            RedisServer.running() as server,
            TcpProxy.to(server.port) as proxy,
            AsyncExitStack() as clients,
        ):
            yield RedisLog(server, proxy, clients, self.protocol)


@pytest.mark.all
class TestRedisStreamsOverResp2(RedisRelayContract):
    protocol = 2


class TestRedisStreamsOverResp3(RedisRelayContract):
    protocol = 3
