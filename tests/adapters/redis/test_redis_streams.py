"""What a relay does with its Redis server, and which clients it takes."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio
import pytest
import trustme
from redis.asyncio import Redis

from gatecast.errors import (
    InvalidClientError,
    InvalidLimitError,
    RelayGapError,
    RelayUnavailableError,
)
from gatecast.ports.relay import Position
from gatecast_adapters.redis_streams import RedisStreamsRelay
from tests.support.redis_relays import SHORT, STREAM, entries_after, positions_of, relay_to
from tests.support.redis_server import RedisServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

HOUR_AGO_IN_MILLISECONDS = 3_600_000


async def count_of(server: RedisServer, command: str) -> int:
    """How often the server has run a command."""
    statistics = str(await server.command(b"INFO", "commandstats"))
    _, found, rest = statistics.partition(f"cmdstat_{command}:calls=")
    return int(rest.partition(",")[0]) if found else 0


async def test_overlapping_publishes_keep_their_order_and_share_round_trips(
    redis_server: RedisServer,
) -> None:
    entries = [b"%d" % number for number in range(200)]
    async with TcpProxy.to(redis_server.port) as proxy, relay_to(proxy.port) as relay:
        await relay.publish(b"first")
        before = await count_of(redis_server, "evalsha")
        proxy.delay_answers(SHORT)
        with anyio.fail_after(PATIENCE):
            await asyncio.gather(*(relay.publish(entry) for entry in entries))
        assert await entries_after(relay, None) == [b"first", *entries]
        # The first of them alone, and what came meanwhile in one.
        assert await count_of(redis_server, "evalsha") - before <= 2


async def test_no_write_and_no_batch_has_more_entries_than_it_may(
    redis_server: RedisServer,
) -> None:
    async with Redis(port=redis_server.port) as client:
        relay = RedisStreamsRelay(client, max_batch_entries=10)
        await relay.publish(b"first")
        before = await count_of(redis_server, "evalsha")
        await asyncio.gather(*(relay.publish(b"%d" % number) for number in range(21)))
        # The first one does not wait for the others.
        assert await count_of(redis_server, "evalsha") - before == 1 + 2
        assert len((await relay.read(None, wait=0)).entries) == 10


async def test_a_publish_that_is_cancelled_before_it_was_sent_is_not_in_the_log(
    redis_server: RedisServer,
) -> None:
    async with relay_to(redis_server.port) as relay:
        first = asyncio.create_task(relay.publish(b"first"))
        # It is being sent now, and the others wait for that.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        cancelled = asyncio.create_task(relay.publish(b"cancelled"))
        last = asyncio.create_task(relay.publish(b"last"))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(first, last)
        assert await entries_after(relay, None) == [b"first", b"last"]


async def test_an_entry_that_comes_just_when_a_read_ends_is_read(
    redis_server: RedisServer,
) -> None:
    class Interrupted(Redis):
        """A client of a node that has just found nothing to read."""

        before_the_end: Callable[[], Awaitable[None]] | None = None

        async def execute_command(self, *args: object, **options: object) -> object:
            if args[0] == b"XREVRANGE" and self.before_the_end is not None:
                await self.before_the_end()
                self.before_the_end = None
            # redis-py has no types here.
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    async with relay_to(redis_server.port) as other, Interrupted(port=redis_server.port) as client:
        relay = RedisStreamsRelay(client)
        (position,) = await positions_of(relay, b"first")
        client.before_the_end = partial(other.publish, b"second")
        assert (await relay.read(position, wait=0)).entries == (b"second",)


async def test_entries_go_when_they_are_older_than_the_retention(
    redis_server: RedisServer,
) -> None:
    # Redis removes whole blocks of its own, so a block has one entry here.
    await redis_server.command("CONFIG", "SET", "stream-node-max-entries", 1)
    seconds, _ = _time(await redis_server.command(b"TIME"))
    for number in range(3):
        entry_id = f"{seconds * 1000 - HOUR_AGO_IN_MILLISECONDS}-{number}"
        await redis_server.command(
            "XADD", STREAM, entry_id, "prev", "", "nonce", "00", "data", "old"
        )
    async with Redis(port=redis_server.port) as client:
        relay = RedisStreamsRelay(client, retention=2 * 3600)
        await relay.publish(b"kept")
        assert await redis_server.command("XLEN", STREAM) == 4
        await RedisStreamsRelay(client, retention=1800).publish(b"new")
        assert await entries_after(relay, None) == [b"kept", b"new"]


async def test_two_streams_of_one_server_are_two_logs(redis_server: RedisServer) -> None:
    async with Redis(port=redis_server.port) as client:
        relays = [RedisStreamsRelay(client, stream=name) for name in ("first", "second")]
        for relay, entry in zip(relays, (b"1", b"2"), strict=True):
            await relay.publish(entry)
        assert [await entries_after(relay, None) for relay in relays] == [[b"1"], [b"2"]]


@pytest.mark.parametrize("position", ["", "0", "5-0", "5-0/zz", "x/00", "> ", "5-0/00\n"])
async def test_a_position_of_another_kind_of_relay_is_a_gap(
    redis_server: RedisServer, position: str
) -> None:
    async with relay_to(redis_server.port) as relay:
        with pytest.raises(RelayGapError):
            await relay.read(Position(position), wait=SHORT)


async def test_the_password_and_the_database_of_a_url_are_used() -> None:
    async with (
        RedisServer.running("--requirepass", "secret") as server,
        # Its **kwargs have no type.
        Redis.from_url(f"redis://:secret@127.0.0.1:{server.port}/3") as client,  # pyright: ignore[reportUnknownMemberType]
    ):
        await positions_of(RedisStreamsRelay(client), b"first")
        assert await client.exists(STREAM) == 1


async def test_a_relay_works_over_tls(redis_server: RedisServer, tmp_path: Path) -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # It also takes the context of a package that is not installed.
    authority.issue_cert("127.0.0.1").configure_cert(tls)  # pyright: ignore[reportUnknownMemberType]
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    async with TcpProxy.to(redis_server.port, tls=tls) as proxy:
        url = f"rediss://127.0.0.1:{proxy.port}?ssl_ca_certs={trusted}"
        # Its **kwargs have no type.
        async with Redis.from_url(url) as client:  # pyright: ignore[reportUnknownMemberType]
            await positions_of(RedisStreamsRelay(client), b"first")
        async with Redis.from_url(url.partition("?")[0]) as stranger:  # pyright: ignore[reportUnknownMemberType]
            # redis-py 5 has only the number of the error.
            with pytest.raises(RelayUnavailableError, match=r"certificate|Error 1 connecting"):
                await RedisStreamsRelay(stranger).publish(b"second")


async def test_the_commands_that_the_documentation_names_are_all_that_an_acl_has_to_allow(
    redis_server: RedisServer,
) -> None:
    documented = (RedisStreamsRelay.__doc__ or "").partition("An ACL has to allow")[2]
    names = re.findall(r"[A-Z]{3,}", documented.partition(" for `wait_replicas`")[0])
    allowed = [f"+{name.lower()}" for name in names]
    rule = ("ACL", "SETUSER", "node", "on", ">secret", f"~{STREAM}", *allowed)
    await redis_server.command(*rule)
    async with Redis(port=redis_server.port, username="node", password="secret") as client:
        relay = RedisStreamsRelay(client)
        (position,) = await positions_of(relay, b"first")
        assert await entries_after(relay, position) == []
        with pytest.raises(RelayUnavailableError, match="0 of 1 replicas"):
            await RedisStreamsRelay(client, timeout=1, wait_replicas=1).publish(b"second")


async def test_a_wrong_password_is_an_error() -> None:
    async with (
        RedisServer.running("--requirepass", "secret") as server,
        relay_to(server.port) as relay,
    ):
        with pytest.raises(RelayUnavailableError, match="Authentication"):
            await relay.publish(b"first")


@pytest.mark.parametrize(
    "make",
    [
        partial(Redis, decode_responses=True),
        partial(Redis, single_connection_client=True),
    ],
)
async def test_a_client_that_a_relay_can_not_use_is_refused(make: Callable[[], Redis]) -> None:
    client = make()
    with pytest.raises(InvalidClientError, match="=False") as caught:
        RedisStreamsRelay(client)
    assert caught.value.client is client


@pytest.mark.parametrize("value", [0, -1, float("nan")])
async def test_a_time_that_is_none_is_refused(value: float) -> None:
    client = Redis()
    with pytest.raises(InvalidLimitError, match="timeout"):
        RedisStreamsRelay(client, timeout=value)
    with pytest.raises(InvalidLimitError, match="retention"):
        RedisStreamsRelay(client, retention=value)


async def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidLimitError, match="max_batch_entries"):
        RedisStreamsRelay(Redis(), max_batch_entries=0)


def _time(reply: object) -> tuple[int, int]:
    match reply:
        case [bytes() as seconds, bytes() as microseconds]:
            return int(seconds), int(microseconds)
        case _:
            raise AssertionError(reply)
