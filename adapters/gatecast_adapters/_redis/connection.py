"""Commands to Redis whose replies come as they are, and whose failures are the relay's."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from gatecast.errors import InvalidClientError, RelayUnavailableError
from gatecast_adapters._redis.log import Reply

__all__ = ["Argument", "RedisConnection"]

Argument: TypeAlias = bytes | str | int
"""A part of a command."""

TAnswer = TypeVar("TAnswer")

# The default of recent versions of redis-py, which the settings of a client from a URL don't show.
_SOCKET_TIMEOUT = 5.0

_DEMOTED = re.compile("READONLY|UNBLOCKED|MASTERDOWN")


class _Commands(Protocol):
    """The part of a client that takes any command."""

    async def execute_command(self, *args: Argument) -> Reply: ...


class _Pipeline(Protocol):
    """The part of a pipeline that takes any command."""

    def execute_command(self, *args: Argument) -> object: ...
    async def execute(self, *, raise_on_error: bool) -> Sequence[Reply | Exception]: ...


class RedisConnection:
    """The client that the application has configured.

    A command's name is passed as bytes: redis-py then leaves the reply as it came, where otherwise
    its shape depends on redis-py's version.
    """

    def __init__(self, client: Redis) -> None:
        settings: Mapping[str, object] = client.connection_pool.connection_kwargs
        _require_usable(client, settings)
        self._client = client
        self._commands: _Commands = client
        socket_timeout = settings.get("socket_timeout", _SOCKET_TIMEOUT)
        self.longest_block = (
            socket_timeout / 2 if isinstance(socket_timeout, int | float) else math.inf
        )
        """Seconds that a command may block before redis-py takes the connection for dead."""

    async def call(self, *command: Argument) -> Reply:
        """The reply to `command`."""
        return await self._commands.execute_command(*command)

    async def call_both(self, first: Sequence[Argument], second: Sequence[Argument]) -> Reply:
        """The reply to `second`, sent on the same connection right after `first`."""
        pipeline = _pipeline_of(self._client)
        pipeline.execute_command(*first)
        pipeline.execute_command(*second)
        # redis-py would put the whole command into the message of an error that it raises.
        _, reply = [_returned(each) for each in await pipeline.execute(raise_on_error=False)]
        return reply

    async def answer(self, answer: Awaitable[TAnswer], within: float) -> TAnswer:
        """Have Redis `answer` within so many seconds; raises `RelayUnavailableError` otherwise.

        A command that is cut off takes its connection with it (redis-py closes it), so its answer
        can't be taken for that of another one.
        """
        try:
            async with asyncio.timeout(within):
                return await answer
        except TimeoutError as error:
            raise RelayUnavailableError(f"no answer from Redis within {within} s") from error
        # uvloop's own error for a connection that closed just before a command was written to it.
        except (RedisError, OSError, RuntimeError) as error:
            if _is_demoted(error):
                await self._client.connection_pool.disconnect(inuse_connections=False)
            raise RelayUnavailableError(_detail_of(error)) from error


def _pipeline_of(client: Redis) -> _Pipeline:
    return client.pipeline(transaction=False)


def _returned(reply: Reply | Exception) -> Reply:
    if isinstance(reply, Exception):
        raise reply
    return reply


def _require_usable(client: Redis, settings: Mapping[str, object]) -> None:
    if settings.get("decode_responses"):
        raise InvalidClientError(client, "make it with decode_responses=False; entries are bytes")
    if client.single_connection_client:
        raise InvalidClientError(
            client, "make it with single_connection_client=False; nothing else gets past a read"
        )


def _is_demoted(error: Exception) -> bool:
    # The server is a replica now. Whatever name led to it may lead to the new master by now, but
    # its connections stay open, and redis-py would go on to use them.
    return isinstance(error, ReadOnlyError) or (
        # From a script the code comes somewhere in the text.
        isinstance(error, ResponseError) and _DEMOTED.search(str(error)) is not None
    )


def _detail_of(error: Exception) -> str:
    detail = f"{type(error).__name__}: {error}"
    # How a server that has no XADD ... MINID reads it.
    return f"Redis 6.2 or newer is needed: {detail}" if "Invalid stream ID" in detail else detail
