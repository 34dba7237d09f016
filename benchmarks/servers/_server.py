"""What all servers under test have in common: the port `Server` and the process around it.

The process prints `{"port": ...}` and then takes one command per line on stdin:

* `{"verb": "send", "first": 1, "count": 20, "groups": 1}` sends `count` messages in a row. With
  more groups than one, message `s` goes to the subscribers of group `s % groups`. No answer.
* `{"verb": "stats"}` is answered with CPU time, resident memory and the number of connections.

The end of stdin ends the process.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import uvloop

from benchmarks.message import Message, padding_for

GROUPS: Final = 10
"""A filtered broadcast reaches one subscriber in ten."""

_BACKLOG: Final = 4096


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who a connection is: the load generator numbers its connections."""

    index: int
    group: int

    @classmethod
    def from_query(cls, query: str) -> "Subscriber":
        """Reads the connection's number from the request's query string."""
        index = int(parse_qs(query)["connection"][0])
        return cls(index, index % GROUPS)


Predicate = Callable[[Subscriber], bool]


@dataclass(frozen=True)
class Options:
    """How a server under test is set up."""

    port: int
    message_bytes: int
    send_buffer: int
    deflate: bool
    redis: int


class Server(ABC):
    """A server under test."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @property
    @abstractmethod
    def connection_count(self) -> int:
        """How many connections would receive a broadcast now."""

    @abstractmethod
    async def start(self, listener: socket.socket) -> None:
        """Start serving on `listener`; returns at once."""

    @abstractmethod
    async def broadcast(self, message: Message) -> None:
        """Send one message to every connection."""

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        """Send one message to the connections whose subscriber satisfies the predicate."""
        raise NotImplementedError(f"{type(self).__name__} has no filtered broadcast")

    async def broadcast_burst(self, messages: Sequence[Message]) -> None:
        """Send several messages in a row to every connection."""
        for message in messages:
            await self.broadcast(message)


def run(server_type: Callable[[Options], Server]) -> None:
    """Run one server under test until stdin ends."""
    options = _parse_options()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server_type(options), options))


def _parse_options() -> Options:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--message-bytes", type=int, default=154)
    parser.add_argument("--send-buffer", type=int, default=0, help="bytes; 0: the kernel's default")
    parser.add_argument("--deflate", action="store_true", help="accept permessage-deflate")
    parser.add_argument("--redis", type=int, default=0, help="port of the Redis between the nodes")
    return Options(**vars(parser.parse_args()))


async def _serve(server: Server, options: Options) -> None:
    listener = _listen(options)
    await server.start(listener)
    _answer({"port": listener.getsockname()[1]})
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        await _obey(server, json.loads(line))
    # A graceful shutdown would close thousands of connections for nobody.
    os._exit(0)


def _listen(options: Options) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if options.send_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options.send_buffer)
    listener.bind(("127.0.0.1", options.port))
    listener.listen(_BACKLOG)
    return listener


async def _obey(server: Server, command: object) -> None:
    match command:
        case {"verb": "send", "first": int(first), "count": int(count), "groups": int(groups)}:
            await _send(server, range(first, first + count), groups)
        case {"verb": "stats"}:
            _answer(_stats(server))
        case _:
            raise ValueError(f"unknown command: {command}")


async def _send(server: Server, sequences: range, groups: int) -> None:
    padding = padding_for(server.options.message_bytes)
    messages = [Message(sequence, time.monotonic_ns(), padding) for sequence in sequences]
    if groups > 1:
        for message in messages:
            await server.broadcast_filtered(message, _in_group(message.sequence % groups))
    elif len(messages) > 1:
        await server.broadcast_burst(messages)
    else:
        await server.broadcast(messages[0])


def _in_group(group: int) -> Predicate:
    return lambda subscriber: subscriber.group == group


def _stats(server: Server) -> dict[str, int]:
    return {
        "cpu_ns": time.process_time_ns(),
        "rss_bytes": _resident_bytes(),
        "connections": server.connection_count,
    }


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def _answer(fields: dict[str, int]) -> None:
    print(json.dumps(fields), flush=True)
