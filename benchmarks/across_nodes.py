"""How long something takes from one process to another: one role of one subject, as a process.

Both sides of a subject are processes of their own with one Redis between them. The sender takes a
number per line, sends it, and prints when it began to. A receiver without connections prints when
it had it; otherwise that is when a connection was closed. Times are in nanoseconds of the monotonic
clock that processes share.
"""

import argparse
import asyncio
import json
import re
import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

import uvloop
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.servers._gatecast import Member
from benchmarks.servers._server import Options, Subscriber
from benchmarks.servers._uvicorn import serve, subscriber_of
from gatecast.cluster.cluster import Cluster
from gatecast.ports.observer import (
    ClusterReport,
    ClusterReportKind,
)
from gatecast_adapters.redis_streams import RedisStreamsRelay
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

_STREAM: Final = "bare"


class Role(ABC):
    """What both subjects have in common."""

    def __init__(self, redis_port: int) -> None:
        self.client = Redis(port=redis_port)

    @abstractmethod
    async def receive(self) -> int:
        """Be the receiver; returns the port that connections go to, or 0 if there are none."""

    @abstractmethod
    async def prepare(self) -> None:
        """Be the sender."""

    @abstractmethod
    def sending(self, number: int) -> Awaitable[object]:
        """What has `number` arrive on the other side when it is awaited."""


class Bare(Role):
    """redis-py alone: XADD on one side, XREAD on the other."""

    async def prepare(self) -> None:
        await self.client.exists(_STREAM)

    async def receive(self) -> int:
        self._reading = asyncio.create_task(self._read())
        return 0

    def sending(self, number: int) -> Awaitable[object]:
        return self.client.xadd(_STREAM, {"number": number})

    async def _read(self) -> None:
        after = "0-0"
        while True:
            streams = await self.client.xread({_STREAM: after}, block=1000)
            arrived = time.monotonic_ns()
            for number in _ids_of(streams):
                _print(arrived)
                after = number


def _ids_of(reply: object) -> list[str]:
    """The ids in a reply to XREAD: pairs, or a map in the RESP3 that redis-py 8 speaks."""
    return [entry_id.decode() for entry_id in re.findall(rb"\d+-\d+", repr(reply).encode())]


class Revocation(Role):
    """Gatecast: an account is revoked on one node, its WebSocket closed on the other."""

    def __init__(self, redis_port: int) -> None:
        super().__init__(redis_port)
        self._transport = BackendWebsocketTransport[Member]()
        self._joined = asyncio.Event()
        self._cluster = Cluster[Member](
            RedisStreamsRelay(self.client),
            self._transport,
            on_report=self._on_report,
        )

    def _on_report(self, report: ClusterReport) -> None:
        if report.kind is ClusterReportKind.FOLLOWING:
            self._joined.set()

    async def prepare(self) -> None:
        self._following = asyncio.create_task(self._cluster.run())
        await self._joined.wait()

    async def receive(self) -> int:
        await self.prepare()
        listener = socket.create_server(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        app = Starlette(routes=[WebSocketRoute("/", self._endpoint)])
        options = Options(port, message_bytes=0, send_buffer=0, deflate=False, redis=0)
        self._serving = serve(app, listener, options)
        return port

    def sending(self, number: int) -> Awaitable[object]:
        account_id = Member.of(Subscriber(number, 0)).account_id
        return self._cluster.close_sockets_for_account(account_id)

    async def _endpoint(self, websocket: WebSocket) -> None:
        await self._transport.serve(websocket, identify=_identify)


async def _identify(websocket: WebSocket) -> Member:
    return Member.of(subscriber_of(websocket))


_ROLES: Final[dict[str, type[Role]]] = {"bare": Bare, "revocation": Revocation}


async def _run(role: Role, *, receiving: bool) -> None:
    if receiving:
        _print(await role.receive())
    else:
        await role.prepare()
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        sending = role.sending(int(line))
        began = time.monotonic_ns()
        await sending
        _print(began)


def _print(number: int) -> None:
    print(json.dumps({"number": number}), flush=True)


@dataclass
class _Arguments(argparse.Namespace):
    role: str = ""
    redis: int = 0
    receive: bool = False


def main() -> None:
    """Run one side of one role until stdin ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("role", choices=_ROLES)
    parser.add_argument("--redis", type=int, required=True, help="port of the Redis in between")
    parser.add_argument("--receive", action="store_true", help="be the receiver, not the sender")
    arguments = parser.parse_args(namespace=_Arguments())

    async def run() -> None:
        # In here an event loop is running, which the role needs from the start.
        await _run(_ROLES[arguments.role](arguments.redis), receiving=arguments.receive)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
