"""The connection manager that most applications write: one `await send_text` after another.

Nothing isolates the connections: a peer that stops reading stops the loop, and so everyone.
"""

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.message import Message
from benchmarks.servers._server import Options, Predicate, Subscriber, run
from benchmarks.servers._uvicorn import UvicornServer, subscriber_of


class StarletteNaive(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connections: dict[WebSocket, Subscriber] = {}

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        text = message.text
        for websocket in list(self._connections):
            await websocket.send_text(text)

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        text = message.text
        # A copy, since a connection may come or go while the loop awaits.
        for websocket, subscriber in list(self._connections.items()):
            if predicate(subscriber):
                await websocket.send_text(text)

    async def _endpoint(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self._connections[websocket] = subscriber_of(websocket)
        try:
            async for _ in websocket.iter_text():
                pass
        finally:
            del self._connections[websocket]


if __name__ == "__main__":
    run(StarletteNaive)
