"""What a reader of a Redis stream is told when the server has lost entries, and when it has not."""

from __future__ import annotations

import pytest

from gatecast.errors import RelayGapError
from tests.support.redis_relays import (
    STREAM,
    entries_after,
    hits_gap,
    positions_of,
    publish_when_back,
    relay_to,
)
from tests.support.redis_server import RedisServer
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.anyio

ENTRIES = (b"0", b"1", b"2", b"3")


@pytest.mark.parametrize(
    "command", [("DEL", STREAM), ("FLUSHALL",), ("FLUSHDB",), ("XTRIM", STREAM, "MAXLEN", 0)]
)
async def test_a_log_that_is_gone_is_a_gap_from_everywhere(
    redis_server: RedisServer, command: tuple[str | int, ...]
) -> None:
    async with relay_to(redis_server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.command(*command)
        assert [await hits_gap(relay, position) for position in positions] == [True] * 4
        await relay.publish(b"new")
        assert [await hits_gap(relay, position) for position in positions] == [True] * 4
        assert await entries_after(relay, None) == [b"new"]


async def test_trimming_is_a_gap_for_whoever_had_not_read_what_is_gone(
    redis_server: RedisServer,
) -> None:
    async with relay_to(redis_server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.command("XTRIM", STREAM, "MAXLEN", 2)
        assert await hits_gap(relay, positions[0])
        for index in (1, 2, 3):
            assert await entries_after(relay, positions[index]) == [*ENTRIES[index + 1 :]]
        assert await entries_after(relay, None) == [b"2", b"3"]


async def test_an_entry_that_was_deleted_is_a_gap_for_whoever_had_not_read_it(
    redis_server: RedisServer,
) -> None:
    async with relay_to(redis_server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.command("XDEL", STREAM, positions[2].partition("/")[0])
        assert [await hits_gap(relay, positions[index]) for index in (0, 1)] == [True, True]
        assert await entries_after(relay, positions[2]) == [b"3"]
        assert await entries_after(relay, positions[3]) == []


async def test_the_newest_entry_being_deleted_is_a_gap_once_the_log_goes_on(
    redis_server: RedisServer,
) -> None:
    async with relay_to(redis_server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.command("XDEL", STREAM, positions[3].partition("/")[0])
        assert await hits_gap(relay, positions[3])
        await relay.publish(b"4")
        assert [await hits_gap(relay, positions[index]) for index in (2, 3)] == [True, True]


async def test_an_entry_of_someone_else_is_a_gap(redis_server: RedisServer) -> None:
    async with relay_to(redis_server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.command("XADD", STREAM, "*", "nonce", b"\xff", "data", "foreign")
        assert await hits_gap(relay, positions[3])
        await relay.publish(b"4")
        assert await hits_gap(relay, positions[3])


async def test_an_entry_of_someone_else_is_a_gap_for_whoever_starts_with_it(
    redis_server: RedisServer,
) -> None:
    await redis_server.command("XADD", STREAM, "*", "data", "foreign")
    async with relay_to(redis_server.port) as relay:
        with pytest.raises(RelayGapError):
            await relay.read(None, wait=0)


async def test_a_durable_server_that_is_killed_loses_nothing() -> None:
    async with RedisServer.running(durable=True) as server, relay_to(server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await server.kill()
        await server.start()
        await publish_when_back(relay, b"4")
        assert await entries_after(relay, positions[1]) == [b"2", b"3", b"4"]


async def test_a_server_that_lost_its_data_is_a_gap(redis_server: RedisServer) -> None:
    async with relay_to(redis_server.port) as relay:
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.lose_everything()
        assert [await hits_gap(relay, position) for position in positions] == [True] * 4
        await publish_when_back(relay, *ENTRIES, b"4", b"5")
        assert [await hits_gap(relay, position) for position in positions] == [True] * 4


async def test_a_failover_to_an_empty_server_is_a_gap(redis_server: RedisServer) -> None:
    async with (
        RedisServer.running() as empty,
        TcpProxy.to(redis_server.port) as proxy,
        relay_to(proxy.port) as relay,
    ):
        positions = await positions_of(relay, *ENTRIES)
        proxy.retarget(empty.port)
        proxy.cut()
        assert [await hits_gap(relay, position) for position in positions] == [True] * 4


async def test_a_failover_to_a_replica_that_has_everything_is_no_gap(
    redis_server: RedisServer,
) -> None:
    async with (
        RedisServer.running() as replica,
        TcpProxy.to(redis_server.port) as proxy,
        relay_to(proxy.port, wait_replicas=1) as relay,
        relay_to(proxy.port) as after_failover,
    ):
        await replica.follow(redis_server)
        positions = await positions_of(relay, *ENTRIES)
        await redis_server.kill()
        await replica.lead()
        proxy.retarget(replica.port)
        await publish_when_back(after_failover, b"4")
        assert await entries_after(after_failover, positions[1]) == [b"2", b"3", b"4"]


async def test_a_failover_to_a_replica_that_lagged_is_a_gap_for_whoever_had_read_more(
    redis_server: RedisServer,
) -> None:
    async with (
        RedisServer.running() as replica,
        TcpProxy.to(redis_server.port) as proxy,
        relay_to(proxy.port) as relay,
    ):
        await relay.publish(b"before")
        await replica.follow(redis_server)
        await replica.lead()
        start = (await relay.read(None, wait=0)).position
        assert start is not None
        await relay.publish(b"lost")
        end = (await relay.read(start, wait=0)).position
        assert end is not None
        proxy.retarget(replica.port)
        proxy.cut()
        assert await hits_gap(relay, end)
        await relay.publish(b"new")
        assert await hits_gap(relay, end)
        assert await entries_after(relay, start) == [b"new"]
