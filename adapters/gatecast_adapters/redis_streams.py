"""A relay through one Redis stream. Extra: `gatecast[redis]`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from gatecast.errors import InvalidLimitError, RelayGapError, RelayUnavailableError
from gatecast.ports.relay import Position, RelayBatch
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._redis.group_commit import GroupCommit

with requires_extra("redis"):
    from redis.asyncio import Redis
    from redis.exceptions import NoScriptError

    from gatecast_adapters._redis.connection import Argument, RedisConnection
    from gatecast_adapters._redis.log import (
        StoredEntry,
        entries_of_range,
        entries_of_read,
        follow,
        id_of,
    )
    from gatecast_adapters._redis.script import APPEND, APPEND_SHA

__all__ = ["RedisStreamsRelay"]

_MILLISECOND = 0.001
"""Redis counts time in these."""


class RedisStreamsRelay:
    """A `Relay` whose log is one stream of a Redis server, 6.2 or newer.

        relay = RedisStreamsRelay(Redis.from_url("redis://localhost"))

    Every entry names the one before it, so a reader notices whatever is missing: trimmed or deleted
    entries, a server that has lost its data, a replica that lagged when it took over, an entry that
    something else wrote into the stream. Each of these is a `RelayGapError`. One that is still kept
    breaks the log for every reader that begins before it, until it is as old as `retention`.

    An entry is as durable as the server makes it. `appendonly yes` with `appendfsync always` keeps
    it through a crash of the machine. `wait_replicas` keeps it through a failover, where without it
    the newest entries may go, and only nodes that had read one of them are notified. While entries
    can be lost unread, so can revocations: set it wherever a replica may take over.

    Address, credentials, TLS, Sentinel and retries are the client's: pass a `redis.asyncio.Redis`
    that has been made as usual. The relay doesn't close it. It takes two of its connections at a
    time, one to wait for entries and one to publish. It needs asyncio. An ACL has to allow EVAL,
    EVALSHA, EXISTS, TIME, XADD, XINFO, XREAD and XREVRANGE, and WAIT for `wait_replicas`.

    Args:
        client: for one server or a Sentinel's master; not a cluster's.
        stream: the key. It belongs to the relay alone, and all its nodes use the same.
        retention: seconds, by the server's clock, that an entry is kept at least; several leases,
            so that a node that stalled for one can still go on.
        timeout: seconds that Redis has to answer, above zero.
        max_batch_entries: how many entries one read returns, or one write holds, at most.
        wait_replicas: how many replicas must have an entry before it counts as published.

    Raises:
        InvalidClientError: the client decodes replies, or has a single connection.
        InvalidLimitError: a number is too low.
    """

    def __init__(
        self,
        client: Redis,
        *,
        stream: str = "gatecast",
        retention: float = 60.0,
        timeout: float = 5.0,
        max_batch_entries: int = 256,
        wait_replicas: int = 0,
    ) -> None:
        for name, value in (("timeout", timeout), ("retention", retention)):
            if not value > 0:
                raise InvalidLimitError(name, value)
        if not max_batch_entries >= 1:
            raise InvalidLimitError("max_batch_entries", max_batch_entries)
        self._redis = RedisConnection(client)
        self._stream = stream
        self._retention = max(1, _milliseconds(retention))
        self._timeout = timeout
        self._max_batch_entries = max_batch_entries
        self._wait_replicas = wait_replicas
        self._writes = GroupCommit(self._append, max_entries=max_batch_entries, timeout=timeout)

    async def publish(self, entry: bytes) -> None:
        """As `Relay.publish`; a call that is cancelled may have published or not."""
        await self._redis.answer(self._writes.add(entry), self._timeout)

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        """As `Relay.read`; there is an answer within `wait` and `timeout`."""
        return await self._redis.answer(self._read(after, wait), wait + self._timeout)

    async def _read(self, after: Position | None, wait: float) -> RelayBatch:
        clock = asyncio.get_running_loop().time
        deadline = clock() + wait
        while True:
            if entries := await self._entries_after(after, deadline - clock()):
                return follow(after, entries)
            if await self._has_read_all(after) and deadline - clock() < _MILLISECOND:
                return RelayBatch((), after)

    async def _append(self, entries: Sequence[bytes]) -> None:
        arguments: list[Argument] = [1, self._stream, self._retention]
        for entry in entries:
            arguments += (secrets.token_hex(8), entry)
        write = self._write_to_replicas if self._wait_replicas else self._write
        await write(arguments)

    async def _write(self, arguments: Sequence[Argument]) -> None:
        try:
            await self._redis.call(b"EVALSHA", APPEND_SHA, *arguments)
        except NoScriptError:
            await self._redis.call(b"EVAL", APPEND, *arguments)

    async def _write_to_replicas(self, arguments: Sequence[Argument]) -> None:
        patience = max(1, _milliseconds(min(self._timeout / 2, self._redis.longest_block)))
        # Not EVALSHA: where the script is not known, WAIT would wait all the same.
        reply = await self._redis.call_both(
            (b"EVAL", APPEND, *arguments), (b"WAIT", self._wait_replicas, patience)
        )
        reached = reply if isinstance(reply, int) else 0
        if reached < self._wait_replicas:
            raise RelayUnavailableError(
                f"{reached} of {self._wait_replicas} replicas have confirmed the entry"
            )

    async def _entries_after(self, after: Position | None, wait: float) -> list[StoredEntry]:
        block = _milliseconds(min(wait, self._redis.longest_block))
        return entries_of_read(
            await self._redis.call(
                b"XREAD",
                *((b"BLOCK", block) if block else ()),
                b"COUNT",
                self._max_batch_entries,
                b"STREAMS",
                self._stream,
                id_of(after),
            )
        )

    async def _has_read_all(self, after: Position | None) -> bool:
        """Whether `after` is the end of the log. Raises `RelayGapError` if it is not in it."""
        command = (b"XREVRANGE", self._stream, b"+", b"-", b"COUNT", 1)
        newest = entries_of_range(await self._redis.call(*command))
        if after is None:
            return not newest
        if newest and newest[0].is_after(id_of(after)):
            return False
        if not newest or newest[0].position != after:
            raise RelayGapError(after)
        return True


def _milliseconds(seconds: float) -> int:
    # Rounded down, so that a read waits no longer than it may; and 0 means "for ever" to Redis.
    return max(0, int(seconds / _MILLISECOND))
