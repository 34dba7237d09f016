"""An ASGI request for a WebSocket, until it is answered; and answers with an HTTP status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Literal, Protocol, TypeAlias

import anyio.lowlevel

from gatecast.close_codes import CloseCode
from gatecast.errors import AlreadyAcceptedError
from gatecast_adapters._asgi.handle import AsgiHandle
from gatecast_adapters._asgi.types import Message, Receive, Scope, Send
from gatecast_adapters._refusal import Refusal

__all__ = ["AsgiSocket", "PlainSocket", "SocketAnswer", "accepted", "refuse", "respond"]

_DENIAL: Final = "websocket.http.response"

SocketAnswer: TypeAlias = Literal["accepted", "closed"]


class AsgiSocket(Protocol):
    """One request for a WebSocket, as a framework hands it to its app."""

    @property
    def scope(self) -> Scope:
        """What was asked for."""
        ...

    async def receive(self) -> Mapping[str, object]:
        """Wait for the next ASGI event."""
        ...

    async def send(self, message: Message, /) -> None:
        """Send an ASGI event, before the socket is served."""
        ...

    def answer(self) -> SocketAnswer | None:
        """How the request was answered; `None` if it was not, or that is not known."""
        ...

    async def accept(self, subprotocol: str | None) -> None:
        """Accept it; raises `OSError` if the peer did not wait for that."""
        ...

    def attach(self, make: Callable[[Send], AsgiHandle]) -> AsgiHandle:
        """Make the handle with the `send` that its frames go by."""
        ...

    def refusal_of(self, error: Exception) -> Refusal | None:
        """What an error of the framework's is answered with; `None` for any other."""
        ...


class PlainSocket:
    """A WebSocket without a framework."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope: Scope = scope
        self._receive = receive
        self._send = send

    async def receive(self) -> Mapping[str, object]:
        """As `AsgiSocket.receive`."""
        return await self._receive()

    async def send(self, message: Message, /) -> None:
        """As `AsgiSocket.send`."""
        await self._send(message)

    def answer(self) -> SocketAnswer | None:
        """As `AsgiSocket.answer`."""
        return None

    async def accept(self, subprotocol: str | None) -> None:
        """As `AsgiSocket.accept`."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise ConnectionError
        if event["type"] != "websocket.connect":
            raise AlreadyAcceptedError("accepted")
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})

    def attach(self, make: Callable[[Send], AsgiHandle]) -> AsgiHandle:
        """As `AsgiSocket.attach`."""
        return make(self._send)

    def refusal_of(self, error: Exception) -> Refusal | None:
        """As `AsgiSocket.refusal_of`."""
        return None


async def accepted(socket: AsgiSocket, subprotocol: str | None) -> bool:
    """Accept `socket`; False if its peer did not wait for it.

    Raises `AlreadyAcceptedError` if it was answered before.
    """
    if (answer := socket.answer()) is not None:
        raise AlreadyAcceptedError(answer)
    try:
        await socket.accept(subprotocol)
    except OSError:
        return False
    except AlreadyAcceptedError:
        raise
    except RuntimeError as error:  # What servers and frameworks say of an answer out of turn.
        raise AlreadyAcceptedError(socket.answer() or "accepted") from error
    return True


async def refuse(socket: AsgiSocket, refusal: Refusal) -> None:
    """Answer `socket` with an HTTP status, or as the server can: 403 without a body."""
    extensions = socket.scope.get("extensions")
    with suppress(OSError):  # The peer did not wait for it.
        if isinstance(extensions, Mapping) and _DENIAL in extensions:
            await respond(socket.send, refusal, _DENIAL)
        else:
            code = CloseCode.POLICY_VIOLATION
            await socket.send({"type": "websocket.close", "code": code, "reason": refusal.detail})
    # uvicorn takes a handshake for unfinished, and logs an error, until it has seen the socket go.
    await anyio.lowlevel.checkpoint()


async def respond(send: Send, refusal: Refusal, kind: str = "http.response") -> None:
    """Answer a request with an HTTP status."""
    body = refusal.detail.encode()
    headers = {
        "content-length": str(len(body)),
        "content-type": "text/plain; charset=utf-8",
        **refusal.headers,
    }
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": raw})
    await send({"type": f"{kind}.body", "body": body})
