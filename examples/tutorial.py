"""The tutorial's app: notices for teams. `uvicorn tutorial:app` serves it."""

# --8<-- [start:setup]
from hashlib import sha256
from uuid import uuid4

from fastapi import FastAPI, Request, Response, WebSocket
from starlette.requests import HTTPConnection

from gatecast import AccountId, ConnectionIdentity, TokenHash, TransportGroup, notification
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
sockets = BackendWebsocketTransport()
streams = BackendSseTransport[ConnectionIdentity]()
everyone = TransportGroup("everyone", sockets, streams)
# --8<-- [end:setup]


# --8<-- [start:identity]
def hash_of(token: str) -> TokenHash:
    """What the server stores of a session instead of the token itself."""
    return TokenHash(sha256(token.encode()).hexdigest())


ADA, GRACE = AccountId(uuid4()), AccountId(uuid4())
teams = {"engines": {ADA, GRACE}, "poetry": {ADA}}
sessions = {hash_of("ada-laptop"): ADA, hash_of("ada-phone"): ADA, hash_of("grace-phone"): GRACE}


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Say whose session the cookie names; `None` refuses the connection with 401."""
    token_hash = hash_of(connection.cookies.get("session", ""))
    account_id = sessions.get(token_hash)
    return ConnectionIdentity(account_id, token_hash) if account_id else None


# --8<-- [end:identity]


# --8<-- [start:endpoints]
@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket, from its handshake to its end."""
    await sockets.serve(websocket, identify=identify)


@app.get("/sse")
async def sse(request: Request) -> Response:
    """Serve one stream: the response lasts until either side ends it."""
    return streams.serve(request, identify=identify)


# --8<-- [end:endpoints]


# --8<-- [start:broadcast]
@app.post("/notices/{team}")
async def post_notice(team: str, text: str) -> int:
    """Show a notice to the members of a team; return how many connections accepted it."""
    members = teams[team]
    message = notification("notice", {"team": team, "text": text})
    return everyone.broadcast_filtered(message, lambda identity: identity.account_id in members)


# --8<-- [end:broadcast]


# --8<-- [start:logout]
@app.post("/logout")
async def logout(request: Request) -> int:
    """End the session of the cookie; return how many connections that closed."""
    token_hash = hash_of(request.cookies.get("session", ""))
    sessions.pop(token_hash, None)
    return everyone.close_sockets_for_session(token_hash)


# --8<-- [end:logout]
