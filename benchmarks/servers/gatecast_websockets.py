"""Gatecast's transport on the `websockets` server, with slow-consumer protection on."""

import socket
from urllib.parse import urlsplit

from websockets.asyncio.server import serve
from websockets.http11 import Request

from benchmarks.message import Message
from benchmarks.servers._gatecast import Member, to_notification
from benchmarks.servers._server import Options, Predicate, Server, Subscriber, run
from gatecast_adapters.websockets_server import WebsocketsServerTransport


class GatecastWebsockets(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._transport = WebsocketsServerTransport[Member]()

    @property
    def connection_count(self) -> int:
        return self._transport.get_connection_count()

    async def start(self, listener: socket.socket) -> None:
        await serve(
            self._transport.serve,
            process_request=self._transport.process_request(_identify),
            sock=listener,
            compression="deflate" if self.options.deflate else None,
            ping_interval=None,
        )

    async def broadcast(self, message: Message) -> None:
        self._transport.broadcast(to_notification(message))

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        self._transport.broadcast_filtered(to_notification(message), predicate)


async def _identify(request: Request) -> Member:
    return Member.of(Subscriber.from_query(urlsplit(request.path).query))


if __name__ == "__main__":
    run(GatecastWebsockets)
