"""Gatecast's Server-Sent Events transport on Starlette."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from benchmarks.message import Message
from benchmarks.servers._gatecast import Member, to_notification
from benchmarks.servers._server import Options, run
from benchmarks.servers._uvicorn import PING_SECONDS, UvicornServer, subscriber_of
from gatecast_adapters.starlette_sse import BackendSseTransport


class GatecastSse(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._transport = BackendSseTransport[Member](keep_alive=PING_SECONDS)

    @property
    def connection_count(self) -> int:
        return self._transport.get_connection_count()

    def routes(self) -> list[BaseRoute]:
        return [Route("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        self._transport.broadcast(to_notification(message))

    async def _endpoint(self, request: Request) -> Response:
        return self._transport.serve(request, identify=_identify)


async def _identify(request: Request) -> Member:
    return Member.of(subscriber_of(request))


if __name__ == "__main__":
    run(GatecastSse)
