"""The same for every framework: who connects, and where."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from uuid import UUID

from gatecast import AccountId, ConnectionIdentity, TokenHash, TransportGroup
from gatecast_adapters.asgi import (
    AsgiRequest,
    AsgiSseTransport,
    AsgiWebsocketTransport,
    Receive,
    Scope,
    Send,
)

sockets = AsgiWebsocketTransport()
streams = AsgiSseTransport[ConnectionIdentity]()
everyone = TransportGroup("everyone", sockets, streams)
sessions = {sha256(b"secret").hexdigest(): UUID(int=1)}


async def identify(request: AsgiRequest) -> ConnectionIdentity | None:
    """The owner of the session cookie."""
    session = sha256(request.cookies.get("session", "").encode()).hexdigest()
    if session not in sessions:
        return None
    return ConnectionIdentity(AccountId(sessions[session]), TokenHash(session))


def log_out(secret: str) -> int:
    """End a session, and close its connections."""
    session = sha256(secret.encode()).hexdigest()
    sessions.pop(session, None)
    return everyone.close_sockets_for_session(TokenHash(session))


class Live:
    """An ASGI app that serves `/live`, and leaves everything else to `app`."""

    def __init__(self, app: Callable[..., Awaitable[object]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, by WebSocket or as an event stream."""
        if scope.get("path") != "/live":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await sockets.serve(scope, receive, send, identify=identify)
        else:
            await streams.serve(scope, receive, send, identify=identify)
