"""Gatecast's WebSocket transport on two nodes, over a Redis stream."""

import asyncio
import socket

from redis.asyncio import Redis

from benchmarks.message import Message
from benchmarks.servers._gatecast import Member, to_notification
from benchmarks.servers._server import Options, run
from benchmarks.servers.gatecast_websocket import GatecastWebsocket
from gatecast.cluster.cluster import Cluster
from gatecast.ports.observer import (
    ClusterReport,
    ClusterReportKind,
)
from gatecast_adapters.event_loop import RUNTIME
from gatecast_adapters.redis_streams import RedisStreamsRelay


class GatecastCluster(GatecastWebsocket):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        relay = RedisStreamsRelay(Redis(port=options.redis))
        self._joined = asyncio.Event()
        self._cluster = Cluster[Member](
            relay, self._transport, runtime=RUNTIME, on_report=self._on_report
        )

    def _on_report(self, report: ClusterReport) -> None:
        if report.kind is ClusterReportKind.FOLLOWING:
            self._joined.set()

    async def start(self, listener: socket.socket) -> None:
        self._following = asyncio.create_task(self._cluster.run())
        await self._joined.wait()
        await super().start(listener)

    async def broadcast(self, message: Message) -> None:
        await self._cluster.broadcast(to_notification(message))


if __name__ == "__main__":
    run(GatecastCluster)
