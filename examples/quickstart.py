"""The README's example: `uvicorn examples.quickstart:app` serves it."""

from hashlib import sha256
from uuid import UUID

from fastapi import FastAPI, Request, Response, WebSocket
from starlette.requests import HTTPConnection

from gatecast import AccountId, ConnectionIdentity, TokenHash, TransportGroup, notification
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
sockets = BackendWebsocketTransport()
streams = BackendSseTransport[ConnectionIdentity]()
everyone = TransportGroup("everyone", sockets, streams)
sessions = {TokenHash(sha256(b"secret").hexdigest()): AccountId(UUID(int=1))}


def session_of(connection: HTTPConnection) -> TokenHash:
    return TokenHash(sha256(connection.cookies.get("session", "").encode()).hexdigest())


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    session = session_of(connection)
    return ConnectionIdentity(sessions[session], session) if session in sessions else None


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    await sockets.serve(websocket, identify=identify)


@app.get("/sse")
async def sse(request: Request) -> Response:
    return streams.serve(request, identify=identify)


@app.post("/announce")
async def announce(text: str, readers: set[UUID]) -> int:
    message = notification("announced", {"text": text})
    return everyone.broadcast_filtered(message, lambda who: who.account_id in readers)


@app.post("/logout")
async def logout(request: Request) -> int:
    session = session_of(request)
    sessions.pop(session, None)
    return everyone.close_sockets_for_session(session)
