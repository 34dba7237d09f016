"""A relay whose Redis is found by Sentinel."""

from __future__ import annotations

import pytest
from redis.asyncio.sentinel import Sentinel

from gatecast_adapters.redis_streams import RedisStreamsRelay
from tests.support.redis_relays import entries_after, positions_of, publish_when_back
from tests.support.redis_server import RedisSentinel, RedisServer

pytestmark = pytest.mark.anyio

NAME = "gatecast-master"


async def test_a_relay_goes_on_with_the_replica_that_sentinel_has_promoted(
    redis_server: RedisServer,
) -> None:
    async with RedisServer.running() as replica:
        await replica.follow(redis_server)
        async with RedisSentinel.running(*RedisSentinel.watching(NAME, redis_server)) as sentinel:
            # redis-py has no types here.
            watch = Sentinel([("127.0.0.1", sentinel.port)])  # type: ignore[no-untyped-call]
            async with watch.master_for(NAME) as client:  # pyright: ignore[reportUnknownMemberType]
                careful = RedisStreamsRelay(client, wait_replicas=1)
                positions = await positions_of(careful, b"0", b"1")
                await redis_server.kill()
                # The only replica is the master now.
                relay = RedisStreamsRelay(client)
                await publish_when_back(relay, b"2")
                assert await entries_after(relay, positions[0]) == [b"1", b"2"]
            for each in watch.sentinels:
                await each.aclose()
