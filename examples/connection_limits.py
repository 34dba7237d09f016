"""Caps: at most three sockets per account, and two per session."""

from uuid import UUID

from fastapi import FastAPI, WebSocket
from starlette.requests import HTTPConnection

from gatecast import ACCOUNT, SESSION, AccountId, Cap, ConnectionIdentity, TokenHash
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
# --8<-- [start:caps]
transport = BackendWebsocketTransport[ConnectionIdentity](
    caps=[Cap(ACCOUNT, 3), Cap(SESSION, 2, when_reached="refuse")],
)
# --8<-- [end:caps]


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Take everything from the address: this example is about caps, not about credentials."""
    query = connection.query_params
    return ConnectionIdentity(AccountId(UUID(query["account"])), TokenHash(query["session"]))


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket."""
    await transport.serve(websocket, identify=identify)
