"""The `websockets` asyncio server and its own `broadcast`, as its guide on broadcasting says."""

import socket
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.message import Message
from benchmarks.servers._server import Options, Predicate, Server, Subscriber, run


class WebsocketsBroadcast(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connections: dict[ServerConnection, Subscriber] = {}

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    async def start(self, listener: socket.socket) -> None:
        compression = "deflate" if self.options.deflate else None
        await serve(self._handle, sock=listener, compression=compression, ping_interval=None)

    async def broadcast(self, message: Message) -> None:
        broadcast(self._connections, message.text)

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        chosen = [
            connection
            for connection, subscriber in self._connections.items()
            if predicate(subscriber)
        ]
        broadcast(chosen, message.text)

    async def _handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = urlsplit(connection.request.path).query
        self._connections[connection] = Subscriber.from_query(query)
        try:
            await connection.wait_closed()
        finally:
            del self._connections[connection]


if __name__ == "__main__":
    run(WebsocketsBroadcast)
