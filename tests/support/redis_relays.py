"""Relays over a Redis server that the tests have, and what is in its log."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004

from gatecast.errors import RelayGapError, RelayUnavailableError
from gatecast.ports.relay import Position
from gatecast_adapters.redis_streams import RedisStreamsRelay
from tests.support.waiting import PATIENCE

__all__ = [
    "SHORT",
    "STREAM",
    "entries_after",
    "hits_gap",
    "positions_of",
    "publish_when_back",
    "relay_to",
]

STREAM = "gatecast"

SHORT = 0.05
"""Seconds to wait where nothing is to come."""


@asynccontextmanager
async def relay_to(
    port: int,
    *,
    timeout: float = PATIENCE,  # noqa: ASYNC109  # the relay's
    socket_timeout: float = PATIENCE,
    retries: int = 1,
    protocol: int = 3,
    wait_replicas: int = 0,
) -> AsyncGenerator[RedisStreamsRelay]:
    """A relay with a client of its own."""
    retry = Retry(NoBackoff(), retries)
    async with Redis(
        port=port,
        socket_timeout=socket_timeout,
        retry=retry,
        # Older versions of redis-py don't retry these by themselves.
        retry_on_error=[ConnectionError, TimeoutError],
        protocol=protocol,
    ) as client:
        yield RedisStreamsRelay(client, stream=STREAM, timeout=timeout, wait_replicas=wait_replicas)


async def entries_after(relay: RedisStreamsRelay, after: Position | None) -> list[bytes]:
    """Everything in the log after a position."""
    found: list[bytes] = []
    with anyio.fail_after(2 * PATIENCE):
        while (batch := await relay.read(after, wait=0)).entries:
            found += batch.entries
            after = batch.position
    return found


async def positions_of(relay: RedisStreamsRelay, *entries: bytes) -> list[Position]:
    """Publish to a log that is empty, and return the position behind each entry."""
    found: list[Position] = []
    after: Position | None = None
    for entry in entries:
        await relay.publish(entry)
        batch = await relay.read(after, wait=0)
        assert batch.entries == (entry,)
        assert batch.position is not None
        after = batch.position
        found.append(after)
    return found


async def hits_gap(relay: RedisStreamsRelay, after: Position) -> bool:
    """Whether reading on from a position is refused."""
    try:
        await relay.read(after, wait=SHORT)
    except RelayGapError:
        return True
    return False


async def publish_when_back(relay: RedisStreamsRelay, *entries: bytes) -> None:
    """Publish, each again and again until it is no longer refused."""
    with anyio.fail_after(2 * PATIENCE):
        for entry in entries:
            while not await _publishes(relay, entry):  # noqa: ASYNC110
                await anyio.sleep(0.01)


async def _publishes(relay: RedisStreamsRelay, entry: bytes) -> bool:
    try:
        await relay.publish(entry)
    except RelayUnavailableError:
        return False
    return True
