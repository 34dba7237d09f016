"""The demo's application: how an app uses Gatecast, on Starlette.

One function says who requests a connection, one transport for each kind of connection holds them,
and everything that happens to them afterwards is one call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from examples.demo.directory import ACCOUNTS, ADA, Directory
from examples.demo.page import FILES, describe
from gatecast import (
    CloseCode,
    ConnectionIdentity,
    JsonrpcNotification,
    Predicate,
    notification,
)
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

TFound = TypeVar("TFound")


def is_session(identity: ConnectionIdentity) -> bool:
    """Whether somebody signed in to open the connection."""
    return identity.token_hash is not None


def is_api_token(identity: ConnectionIdentity) -> bool:
    """Whether a program opened the connection with a token."""
    return identity.api_token_id is not None


def is_session_of_ada(identity: ConnectionIdentity) -> bool:
    """Whether it was Ada who signed in, on whatever device."""
    return is_session(identity) and identity.account_id == ADA.account_id


RULES: Final[dict[str, Predicate[ConnectionIdentity]]] = {
    "is_session": is_session,
    "is_api_token": is_api_token,
    "is_session_of_ada": is_session_of_ada,
}


class Note(BaseModel):
    """What the page asks to be sent."""

    text: str = Field(min_length=1, max_length=200)


class Demo:
    """The directory, a transport for each kind of connection, and the endpoints."""

    def __init__(self, directory: Directory | None = None) -> None:
        self.directory = directory or Directory()
        self.websockets = BackendWebsocketTransport()
        # The same type of identity as over WebSocket, so that one rule serves for both.
        self.streams = BackendSseTransport[ConnectionIdentity]()
        self.transports = (self.websockets, self.streams)
        self.app = Starlette(routes=self._routes())

    def _routes(self) -> list[BaseRoute]:
        return [
            WebSocketRoute("/websocket", self.websocket),
            Route("/sse", self.sse),
            Route("/messages/everyone", self.send_to_everyone, methods=["POST"]),
            Route("/messages/accounts/{name}", self.send_to_account, methods=["POST"]),
            Route("/messages/rules/{name}", self.send_by_rule, methods=["POST"]),
            Route("/sessions/{name}", self.revoke_session, methods=["DELETE"]),
            Route("/tokens/{name}", self.revoke_token, methods=["DELETE"]),
            Route("/accounts/{name}", self.revoke_account, methods=["DELETE"]),
            Route("/start-over", self.start_over, methods=["POST"]),
            Route("/state", self.state),
            Mount("/", StaticFiles(directory=FILES, html=True)),
        ]

    # Connections

    async def identify(self, connection: HTTPConnection) -> ConnectionIdentity | None:
        """Say who requests a connection; `None` refuses it with 401."""
        secret = presented_secret(connection)
        return self.directory.identify(secret) if secret else None

    async def websocket(self, websocket: WebSocket) -> None:
        """Serve one socket until it is closed."""
        await self.websockets.serve(websocket, identify=self.identify)

    async def sse(self, request: Request) -> Response:
        """Serve one stream until it is closed."""
        return self.streams.serve(request, identify=self.identify)

    # Messages

    async def send_to_everyone(self, request: Request) -> Response:
        """Send to every connection."""
        message = await read_message(request, "everyone")
        return total(transport.broadcast(message) for transport in self.transports)

    async def send_to_account(self, request: Request) -> Response:
        """Send to the connections of one account, whatever its credential."""
        account = find(ACCOUNTS, request)
        message = await read_message(request, account.label)
        return total(
            transport.send_to_account(account.account_id, message) for transport in self.transports
        )

    async def send_by_rule(self, request: Request) -> Response:
        """Send to the connections whose identity satisfies a rule."""
        rule = find(RULES, request)
        message = await read_message(request, request.path_params["name"])
        return total(transport.broadcast_filtered(message, rule) for transport in self.transports)

    # Revocations: first the directory, which admits nobody from then on, then the connections.

    async def revoke_session(self, request: Request) -> Response:
        """Log out one device."""
        session = find(self.directory.sessions, request)
        self.directory.revoke(session)
        return total(
            transport.close_sockets_for_session(session.token_hash) for transport in self.transports
        )

    async def revoke_token(self, request: Request) -> Response:
        """Withdraw one API token."""
        api_token = find(self.directory.api_tokens, request)
        self.directory.revoke(api_token)
        return total(
            transport.close_sockets_for_token(api_token.id) for transport in self.transports
        )

    async def revoke_account(self, request: Request) -> Response:
        """Lock one account: no session and no token of it counts any more."""
        account = find(ACCOUNTS, request)
        self.directory.revoke_account(account)
        return total(
            transport.close_sockets_for_account(account.account_id) for transport in self.transports
        )

    def close_everything(self, code: int, reason: str) -> int:
        """Close every connection of every account."""
        return sum(
            transport.close_where(lambda _: True, code=code, reason=reason)
            for transport in self.transports
        )

    # The page

    async def state(self, _: Request) -> Response:
        """Tell the page what there is."""
        return JSONResponse(self.describe())

    def describe(self) -> dict[str, object]:
        """What there is, as JSON."""
        connections = [
            connection.identity
            for transport in self.transports
            for connection in transport.get_connections()
        ]
        return describe(self.directory, Counter(connections))

    async def start_over(self, _: Request) -> Response:
        """Close everything and give out new credentials."""
        self.directory.start_over()
        return total([self.close_everything(CloseCode.NORMAL, "The demo starts over")])


def presented_secret(connection: HTTPConnection) -> str | None:
    """The secret that a client presents: in a cookie, as a bearer token or, only here, in the URL.

    A browser sends its cookie by itself with a WebSocket and an EventSource, and lets no script set
    a header on either. This page plays several people in one browser, which has one cookie for all
    of them, so each of its clients names its secret in the URL. A real app does not do that: a URL
    ends up in logs.
    """
    scheme, _, bearer_token = connection.headers.get("authorization", "").partition(" ")
    return (
        connection.query_params.get("secret")
        or (bearer_token if scheme.lower() == "bearer" else None)
        or connection.cookies.get("session")
    )


def find(things: Mapping[str, TFound], request: Request) -> TFound:
    """What the URL names, or 404."""
    name: str = request.path_params["name"]
    if name not in things:
        raise HTTPException(404, f"there is no {name!r}")
    return things[name]


async def read_message(request: Request, audience: str) -> JsonrpcNotification:
    """The message that the page asks to be sent, or 422."""
    try:
        note = Note.model_validate_json(await request.body())
    except ValidationError as error:
        raise HTTPException(422, str(error)) from error
    return notification("note", {"text": note.text, "audience": audience})


def total(counts: Iterable[int]) -> Response:
    """How many connections it was, over all transports."""
    return JSONResponse({"connections": sum(counts)})
