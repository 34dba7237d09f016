"""Litestar, with its own adapter: `uvicorn examples.any_asgi.litestar_app:app` serves it."""

from hashlib import sha256
from uuid import UUID

from litestar import Litestar, get, post, websocket
from litestar.types import ASGIApp

from gatecast import AccountId, ConnectionIdentity, TokenHash, TransportGroup
from gatecast_adapters.litestar_asgi import (
    AnyRequest,
    AnyWebSocket,
    LitestarSseTransport,
    LitestarWebsocketTransport,
)

sockets = LitestarWebsocketTransport()
streams = LitestarSseTransport[ConnectionIdentity]()
everyone = TransportGroup("everyone", sockets, streams)
sessions = {sha256(b"secret").hexdigest(): UUID(int=1)}


def session_of(connection: AnyWebSocket | AnyRequest) -> str:
    """The hash of the session cookie."""
    return sha256(connection.cookies.get("session", "").encode()).hexdigest()


async def identify(connection: AnyWebSocket | AnyRequest) -> ConnectionIdentity | None:
    """The owner of the session cookie."""
    session = session_of(connection)
    if session not in sessions:
        return None
    return ConnectionIdentity(AccountId(sessions[session]), TokenHash(session))


@websocket("/live")
async def live_socket(socket: AnyWebSocket) -> None:
    """One WebSocket, to its end."""
    await sockets.serve(socket, identify=identify)


@get("/events")
async def live_stream(request: AnyRequest) -> ASGIApp:
    """One event stream."""
    return streams.serve(request, identify=identify)


@post("/logout")
async def logout(request: AnyRequest) -> str:
    """End a session, and close its connections."""
    session = session_of(request)
    sessions.pop(session, None)
    return str(everyone.close_sockets_for_session(TokenHash(session)))


app = Litestar([live_socket, live_stream, logout])
