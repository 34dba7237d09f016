"""Gatecast's WebSocket transport on Starlette, with its outbox and slow-consumer protection on."""

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.message import Message
from benchmarks.servers._gatecast import Member, to_notification
from benchmarks.servers._server import Options, Predicate, run
from benchmarks.servers._uvicorn import UvicornServer, subscriber_of
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport


class GatecastWebsocket(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._transport = BackendWebsocketTransport[Member]()

    @property
    def connection_count(self) -> int:
        return self._transport.get_connection_count()

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        self._transport.broadcast(to_notification(message))

    async def broadcast_filtered(self, message: Message, predicate: Predicate) -> None:
        self._transport.broadcast_filtered(to_notification(message), predicate)

    async def _endpoint(self, websocket: WebSocket) -> None:
        await self._transport.serve(websocket, identify=_identify)


async def _identify(websocket: WebSocket) -> Member:
    return Member.of(subscriber_of(websocket))


if __name__ == "__main__":
    run(GatecastWebsocket)
