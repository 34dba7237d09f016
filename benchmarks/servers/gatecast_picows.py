"""Gatecast's transport on a picows server, with slow-consumer protection on."""

import socket
from urllib.parse import urlsplit

# `ws_create_server` is annotated in part only.
from picows import (
    WSUpgradeRequest,
    WSUpgradeResponseWithListener,
    ws_create_server,  # pyright: ignore[reportUnknownVariableType]
)

from benchmarks.message import Message
from benchmarks.servers._gatecast import Member, to_notification
from benchmarks.servers._server import Options, Predicate, Server, Subscriber, run
from gatecast_adapters.picows_server import PicowsServerTransport


class GatecastPicows(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._transport = PicowsServerTransport[Member]()

    @property
    def connection_count(self) -> int:
        return self._transport.get_connection_count()

    async def start(self, listener: socket.socket) -> None:
        await ws_create_server(self._listener_for, sock=listener)

    async def broadcast(self, message: Message) -> None:
        self._transport.broadcast(to_notification(message))

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        self._transport.broadcast_filtered(to_notification(message), predicate)

    def _listener_for(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return self._transport.serve(request, identify=_identify)


async def _identify(request: WSUpgradeRequest) -> Member:
    return Member.of(Subscriber.from_query(urlsplit(request.path.decode()).query))


if __name__ == "__main__":
    run(GatecastPicows)
