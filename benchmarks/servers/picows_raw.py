"""picows as it is: `transport.send` to each connection."""

import socket
from urllib.parse import urlsplit

# `ws_create_server` is annotated in part only.
from picows import (
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,  # pyright: ignore[reportUnknownVariableType]
)

from benchmarks.message import Message
from benchmarks.servers._server import Options, Predicate, Server, Subscriber, run


class _Listener(WSListener):
    def __init__(self, connections: dict[WSTransport, Subscriber], subscriber: Subscriber) -> None:
        self._connections = connections
        self._subscriber = subscriber

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._connections[transport] = self._subscriber

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        del self._connections[transport]


class PicowsRaw(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connections: dict[WSTransport, Subscriber] = {}

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    async def start(self, listener: socket.socket) -> None:
        await ws_create_server(self._listener_for, sock=listener)

    async def broadcast(self, message: Message) -> None:
        data = message.text.encode()
        for transport in self._connections:
            transport.send(WSMsgType.TEXT, data)

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        data = message.text.encode()
        for transport, subscriber in self._connections.items():
            if predicate(subscriber):
                transport.send(WSMsgType.TEXT, data)

    def _listener_for(self, request: WSUpgradeRequest) -> WSListener:
        subscriber = Subscriber.from_query(urlsplit(request.path.decode()).query)
        return _Listener(self._connections, subscriber)


if __name__ == "__main__":
    run(PicowsRaw)
