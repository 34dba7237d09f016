"""A relay whose Redis is out of reach, or answers late, wrong or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio
import pytest
from redis.asyncio import Redis

from gatecast.errors import RelayUnavailableError
from gatecast_adapters.redis_streams import RedisStreamsRelay
from tests.support.fake_redis import fake_redis
from tests.support.redis_relays import (
    SHORT,
    STREAM,
    entries_after,
    positions_of,
    publish_when_back,
    relay_to,
)
from tests.support.redis_server import RedisServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

TIMEOUT = 0.3
"""Seconds that a relay has which is to give up."""

BlackHole = Callable[[TcpProxy], None]


async def has_somebody_waiting(server: RedisServer) -> bool:
    return "blocked_clients:1" in str(await server.command(b"INFO", "clients"))


@pytest.mark.parametrize("black_hole", [TcpProxy.swallow_requests, TcpProxy.swallow_answers])
async def test_a_silent_network_is_an_error_in_time_and_late_answers_go_to_nobody(
    redis_server: RedisServer, black_hole: BlackHole
) -> None:
    async with (
        TcpProxy.to(redis_server.port) as proxy,
        relay_to(proxy.port, timeout=TIMEOUT) as relay,
    ):
        (position,) = await positions_of(relay, b"first")
        black_hole(proxy)
        with anyio.fail_after(PATIENCE):
            with pytest.raises(RelayUnavailableError, match="no answer from Redis"):
                await relay.publish(b"refused")
            with pytest.raises(RelayUnavailableError, match="no answer from Redis"):
                await relay.read(position, wait=SHORT)
        proxy.heal()
        await publish_when_back(relay, b"second", b"third")
        found = await entries_after(relay, position)
        # What was refused may be in the log all the same.
        assert [entry for entry in found if entry != b"refused"] == [b"second", b"third"]


async def test_a_server_that_stands_still_is_an_error_in_time(redis_server: RedisServer) -> None:
    async with relay_to(redis_server.port, timeout=TIMEOUT) as relay:
        (position,) = await positions_of(relay, b"first")
        redis_server.pause()
        with anyio.fail_after(PATIENCE):
            with pytest.raises(RelayUnavailableError):
                await relay.publish(b"refused")
            with pytest.raises(RelayUnavailableError):
                await relay.read(position, wait=SHORT)
        redis_server.resume()
        await publish_when_back(relay, b"second")
        assert (await entries_after(relay, position))[-1] == b"second"


async def test_a_server_that_takes_no_connections_is_an_error(redis_server: RedisServer) -> None:
    async with TcpProxy.to(redis_server.port) as proxy, relay_to(proxy.port) as relay:
        (position,) = await positions_of(relay, b"first")
        proxy.refuse()
        proxy.cut()
        with pytest.raises(RelayUnavailableError, match="ConnectionError") as caught:
            await relay.publish(b"refused")
        assert caught.value.__cause__ is not None
        with pytest.raises(RelayUnavailableError, match="ConnectionError"):
            await relay.read(position, wait=SHORT)
        await proxy.accept()
        await publish_when_back(relay, b"second")
        assert await entries_after(relay, position) == [b"second"]


async def test_an_entry_whose_confirmation_was_lost_is_in_the_log_twice_and_that_is_no_gap(
    redis_server: RedisServer,
) -> None:
    async with (
        TcpProxy.to(redis_server.port) as proxy,
        relay_to(proxy.port, socket_timeout=TIMEOUT) as relay,
    ):
        positions = await positions_of(relay, b"first")
        swallowed = proxy.swallow_one_answer()
        await relay.publish(b"second")
        assert swallowed.is_set()
        await relay.publish(b"third")
        expected = [b"second", b"second", b"third"]
        assert await entries_after(relay, positions[0]) == expected


async def test_a_read_may_wait_for_longer_than_the_client_waits_for_an_answer(
    redis_server: RedisServer,
) -> None:
    async with relay_to(redis_server.port, socket_timeout=TIMEOUT, retries=0) as relay:
        assert (await relay.read(None, wait=2 * TIMEOUT)).entries == ()
        (position,) = await positions_of(relay, b"first")
        assert (await relay.read(position, wait=2 * TIMEOUT)).entries == ()


async def test_a_read_that_waits_is_told_when_the_server_goes(redis_server: RedisServer) -> None:
    async with relay_to(redis_server.port, retries=0) as relay:
        (position,) = await positions_of(relay, b"first")
        reading = asyncio.create_task(relay.read(position, wait=PATIENCE))
        with anyio.fail_after(PATIENCE):
            while not await has_somebody_waiting(redis_server):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await redis_server.kill()
        with anyio.fail_after(PATIENCE), pytest.raises(RelayUnavailableError):
            await reading


async def test_a_key_of_another_type_is_an_error_of_both_verbs(redis_server: RedisServer) -> None:
    await redis_server.command("SET", STREAM, "something else")
    async with relay_to(redis_server.port) as relay:
        with pytest.raises(RelayUnavailableError, match="WRONGTYPE"):
            await relay.publish(b"first")
        with pytest.raises(RelayUnavailableError, match="WRONGTYPE"):
            await relay.read(None, wait=SHORT)


async def test_a_server_without_memory_is_an_error_of_publish(redis_server: RedisServer) -> None:
    async with relay_to(redis_server.port) as relay:
        await redis_server.command("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(RelayUnavailableError, match="maxmemory"):
            await relay.publish(b"first")


async def test_too_few_replicas_are_an_error_of_publish(redis_server: RedisServer) -> None:
    async with relay_to(redis_server.port, timeout=1, wait_replicas=1) as relay:
        with pytest.raises(RelayUnavailableError, match="0 of 1 replicas"):
            await relay.publish(b"first")


async def test_a_master_that_was_demoted_is_left_for_the_one_that_its_name_leads_to() -> None:
    async with (
        RedisServer.running() as old,
        RedisServer.running() as new,
        TcpProxy.to(old.port) as proxy,
        relay_to(proxy.port) as relay,
    ):
        positions = await positions_of(relay, b"first")
        await new.follow(old)
        await new.lead()
        await old.follow(new)
        # Nobody has closed the connections to the old one.
        proxy.retarget(new.port)
        with pytest.raises(RelayUnavailableError, match=r"(?i)read ?only"):
            await relay.publish(b"refused")
        await relay.publish(b"second")
        assert await entries_after(relay, positions[0]) == [b"second"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", "loading"),
        (b"-NOAUTH Authentication required.\r\n", "Authentication required"),
        (b"-NOPERM no permissions\r\n", "no permissions"),
        (b"-READONLY You can't write against a read only replica.\r\n", "read only"),
        (b"-MISCONF Redis is configured to save\r\n", "MISCONF"),
        (b"-ERR Invalid stream ID specified\r\n", "Redis 6.2 or newer is needed"),
        (b"?\r\n", "Invalid"),
    ],
)
async def test_what_a_server_in_trouble_says_is_told(answer: bytes, told: str) -> None:
    async with fake_redis(answer) as port, relay_to(port, retries=0, protocol=2) as relay:
        with pytest.raises(RelayUnavailableError, match=told):
            await relay.publish(b"refused")


async def test_what_uvloop_says_of_a_connection_that_has_just_closed_is_an_error() -> None:
    class Closed(Redis):
        async def execute_command(self, *args: object, **options: object) -> object:
            raise RuntimeError("unable to perform operation, the handler is closed")

    relay = RedisStreamsRelay(Closed())
    with pytest.raises(RelayUnavailableError, match="the handler is closed"):
        await relay.publish(b"refused")


@pytest.mark.parametrize(
    "answer", [b"+OK\r\n", b":1\r\n", b"*1\r\n:1\r\n", b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n:1\r\n"]
)
async def test_a_reply_that_is_none_is_an_error_of_read(answer: bytes) -> None:
    async with fake_redis(answer) as port, relay_to(port, protocol=2) as relay:
        with pytest.raises(RelayUnavailableError, match="unexpected reply"):
            await relay.read(None, wait=SHORT)
