"""What the shutdown tests stop: the app behind `python -m uvicorn`, or this program.

Alice can be flooded, so that a client of hers that doesn't read stalls.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Literal, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_sse import BackendSseTransport, SseStream
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_adapters.uvicorn_shutdown import DrainingServer, draining
from tests.support import people

__all__ = ["CLOSE_TIMEOUT", "DEADLINE", "app"]

DEADLINE: Final = 4.0
CLOSE_TIMEOUT: Final = 1.0

_UNBOUNDED: Final = OutboxLimits(max_messages=10_000, max_bytes=10**12)
_FLOOD: Final = 64
_LARGE: Final = 256 * 1024

sockets = BackendWebsocketTransport(limits=_UNBOUNDED, close_timeout=CLOSE_TIMEOUT)
streams = BackendSseTransport(limits=_UNBOUNDED, close_timeout=CLOSE_TIMEOUT)


async def socket(websocket: WebSocket) -> None:
    await sockets.serve(websocket, identify=people.identify)


async def stream(request: Request) -> SseStream:
    return streams.serve(request, identify=people.identify_stream)


async def flood(request: Request) -> Response:
    reached = 0
    for number in range(_FLOOD):
        message = people.note(number, _LARGE)
        reached += sockets.send_to_account(people.ALICE, message)
        reached += streams.send_to_account(people.ALICE, message)
    return Response(str(reached / _FLOOD))


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    async with draining(sockets, streams, deadline=DEADLINE):
        yield


# --8<-- [end:lifespan]

_ROUTES: Final = [
    WebSocketRoute("/socket", socket),
    Route("/stream", stream),
    Route("/flood", flood),
]
app = Starlette(routes=_ROUTES, lifespan=lifespan)

if __name__ == "__main__":
    loop = cast(Literal["asyncio", "uvloop"], sys.argv[1])  # as the test says
    config = uvicorn.Config(Starlette(routes=_ROUTES), port=0, loop=loop)
    # --8<-- [start:program]
    DrainingServer(config, sockets, streams, deadline=DEADLINE).run()
    # --8<-- [end:program]
