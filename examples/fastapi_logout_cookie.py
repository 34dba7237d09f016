"""Login by cookie, and a logout that also closes the sockets which that login opened.

Logging out ends one session, in all tabs of that browser. Logging out everywhere ends all sessions
of the account, on every device. `uvicorn examples.fastapi_logout_cookie:app` serves it.
"""

from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from uuid import uuid4

from fastapi import Cookie, FastAPI, HTTPException, Response, WebSocket

from gatecast import AccountId, ConnectionIdentity, TokenHash
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
transport = BackendWebsocketTransport()
accounts = {"ada": AccountId(uuid4()), "grace": AccountId(uuid4())}
sessions: dict[TokenHash, AccountId] = {}

SessionCookie = Annotated[str, Cookie(alias="session")]


def hash_of(token: str) -> TokenHash:
    """What the server stores of a session: nobody can connect with the hash."""
    return TokenHash(sha256(token.encode()).hexdigest())


@app.post("/login/{name}", status_code=204)
async def login(name: str, response: Response) -> None:
    """Start a session. A real app asks for a password here, and sets the cookie `secure`."""
    if name not in accounts:
        raise HTTPException(404, "no such account")
    token = token_urlsafe()
    sessions[hash_of(token)] = accounts[name]
    response.set_cookie("session", token, httponly=True, samesite="lax")


@app.post("/logout", status_code=204)
async def logout(response: Response, token: SessionCookie = "") -> None:
    """End this session: first in the store, which admits nobody from then on, then its sockets."""
    sessions.pop(hash_of(token), None)
    transport.close_sockets_for_session(hash_of(token))
    response.delete_cookie("session")


@app.post("/logout-everywhere", status_code=204)
async def logout_everywhere(response: Response, token: SessionCookie = "") -> None:
    """End all sessions of the account that this session belongs to."""
    account_id = sessions.get(hash_of(token))
    if account_id is None:
        raise HTTPException(401, "not logged in")
    for token_hash in [each for each, owner in sessions.items() if owner == account_id]:
        del sessions[token_hash]
    transport.close_sockets_for_account(account_id)
    response.delete_cookie("session")


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket. A browser sends the cookie along; pages of other origins are refused."""
    await transport.serve(websocket, identify=identify)


async def identify(websocket: WebSocket) -> ConnectionIdentity | None:
    """Say whose session the cookie names; `None` refuses the handshake with 401."""
    token_hash = hash_of(websocket.cookies.get("session", ""))
    account_id = sessions.get(token_hash)
    return ConnectionIdentity(account_id, token_hash) if account_id else None
