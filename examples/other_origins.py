"""A socket and a stream that pages of one other origin may open too."""

from uuid import UUID

from fastapi import FastAPI, Request, Response, WebSocket
from starlette.requests import HTTPConnection

from gatecast import AccountId, ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
# --8<-- [start:origins]
ORIGINS = ["https://app.example.com"]

sockets = BackendWebsocketTransport(allowed_origins=ORIGINS)
streams = BackendSseTransport[ConnectionIdentity](allowed_origins=ORIGINS)
# --8<-- [end:origins]


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Take the account from the address: this example is about origins, not credentials."""
    return ConnectionIdentity(AccountId(UUID(connection.query_params["account"])))


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket."""
    await sockets.serve(websocket, identify=identify)


@app.get("/sse")
async def sse(request: Request) -> Response:
    """Serve one stream."""
    return streams.serve(request, identify=identify)
