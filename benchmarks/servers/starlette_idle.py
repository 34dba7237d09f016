"""Bare Starlette: connections that are accepted and held, for what a connection costs in memory."""

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.message import Message
from benchmarks.servers._server import Options, run
from benchmarks.servers._uvicorn import UvicornServer


class StarletteIdle(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._connection_count = 0

    @property
    def connection_count(self) -> int:
        return self._connection_count

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        raise NotImplementedError("this server only holds connections")

    async def _endpoint(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self._connection_count += 1
        try:
            async for _ in websocket.iter_text():
                pass
        finally:
            self._connection_count -= 1


if __name__ == "__main__":
    run(StarletteIdle)
