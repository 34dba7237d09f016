"""Isolation as it is usually built: a queue and a writer task for each connection."""

import asyncio

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.message import Message
from benchmarks.servers._server import Options, Predicate, Subscriber, run
from benchmarks.servers._uvicorn import UvicornServer, subscriber_of


class StarletteQueue(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connections: dict[asyncio.Queue[str], Subscriber] = {}

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        text = message.text
        for queue in self._connections:
            queue.put_nowait(text)

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        text = message.text
        for queue, subscriber in self._connections.items():
            if predicate(subscriber):
                queue.put_nowait(text)

    async def _endpoint(self, websocket: WebSocket) -> None:
        await websocket.accept()
        queue = asyncio.Queue[str]()
        writer = asyncio.create_task(_write(websocket, queue))
        self._connections[queue] = subscriber_of(websocket)
        try:
            async for _ in websocket.iter_text():
                pass
        finally:
            del self._connections[queue]
            writer.cancel()


async def _write(websocket: WebSocket, queue: asyncio.Queue[str]) -> None:
    while True:
        await websocket.send_text(await queue.get())


if __name__ == "__main__":
    run(StarletteQueue)
