"""python-socketio with its Redis manager, as its documentation sets several processes up."""

# python-socketio has no annotations.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import socket

import socketio

from benchmarks.message import METHOD, Message
from benchmarks.servers._server import Options, Server, run
from benchmarks.servers._uvicorn import PING_SECONDS, serve


class SocketIo(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=socketio.AsyncRedisManager(f"redis://127.0.0.1:{options.redis}"),
            ping_interval=PING_SECONDS,
        )
        self._joined = 0
        self._server.on("connect", self._connected)

    @property
    def connection_count(self) -> int:
        return self._joined

    async def start(self, listener: socket.socket) -> None:
        self._serving = serve(socketio.ASGIApp(self._server), listener, self.options)

    async def broadcast(self, message: Message) -> None:
        await self._server.emit(METHOD, message.members)

    async def _connected(self, _session_id: str, _environ: object) -> None:
        self._joined += 1


if __name__ == "__main__":
    run(SocketIo)
