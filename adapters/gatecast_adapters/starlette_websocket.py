"""WebSocket connections of Starlette and FastAPI. Extra: `gatecast[starlette]`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Final, TypeAlias

from typing_extensions import TypeVar, Unpack

from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Runtime
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._incoming import Incoming, OnMessage
from gatecast_adapters.event_loop import RUNTIME

with requires_extra("starlette"):
    from starlette.exceptions import HTTPException
    from starlette.websockets import WebSocket, WebSocketState

    from gatecast_adapters._asgi.handle import AsgiHandle
    from gatecast_adapters._asgi.handshake import SocketAnswer
    from gatecast_adapters._asgi.sockets import AsgiSockets
    from gatecast_adapters._asgi.types import Scope, Send
    from gatecast_adapters._refusal import Refusal, refusal_with

__all__ = ["BackendWebsocketTransport", "Identify", "Incoming", "OnMessage", "WebsocketHandle"]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)

WebsocketHandle: TypeAlias = AsgiHandle
"""One accepted WebSocket."""

Identify: TypeAlias = Callable[[WebSocket], Awaitable[TIdentity | None]]
"""Says who asks for a connection; `None` refuses it with 401. It is called before the upgrade, so
an `HTTPException` that it raises is the answer as well."""


class BackendWebsocketTransport(ConnectionTransport[WebsocketHandle, TIdentity]):
    """The WebSocket connections of a Starlette or FastAPI app.

    Args:
        transport_name: unique among the transports of an app.
        limits: how much may wait for one connection (BKP-2).
        close_timeout: seconds that a peer has to take its close, above zero (REV-7).
        max_message_bytes: the largest message taken from a peer; a larger one closes with 1009.
        idle_timeout: seconds after which a peer that has sent no message is closed with 4003, above
            zero; by default silence is no fault, and the server's own pings tell who is gone.
        allowed_origins: pages that may connect beside those of the same origin; `"*"` for all.
        in_place: send without a task switch where the server is known to allow it.
        options: those of every transport, see `TransportOptions`.
    """

    def __init__(
        self,
        *,
        transport_name: str = "websocket",
        limits: OutboxLimits | None = None,
        close_timeout: float = 5.0,
        max_message_bytes: int = 1024 * 1024,
        idle_timeout: float | None = None,
        allowed_origins: Collection[str] = (),
        in_place: bool = True,
        runtime: Runtime = RUNTIME,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, runtime=runtime, **options)
        self.__sockets: AsgiSockets[TIdentity] = AsgiSockets(
            self,
            limits=limits,
            close_timeout=close_timeout,
            max_message_bytes=max_message_bytes,
            idle_timeout=idle_timeout,
            allowed_origins=allowed_origins,
            in_place=in_place,
        )

    async def serve(
        self,
        websocket: WebSocket,
        *,
        identify: Identify[TIdentity],
        on_message: OnMessage[TIdentity] | None = None,
        subprotocol: str | None = None,
    ) -> None:
        """Serve one socket from the handshake to its end; returns when it is closed.

        The origin is checked, the peer identified, the socket accepted and registered, and what
        it sends goes to `on_message`. A peer that is refused gets an HTTP status where the server
        can send one, and one that is gone by then is left alone. A credential that is revoked
        meanwhile is closed with 4001 (REV-6). What `identify` and `on_message` raise is raised
        here, the latter after a close with 1011; an `HTTPException` of `identify` is answered.
        Raises `AlreadyAcceptedError` for a socket that was accepted or closed before.
        """
        socket = _StarletteSocket(websocket)
        await self.__sockets.serve(socket, partial(identify, websocket), on_message, subprotocol)


_ANSWERS: Final[dict[WebSocketState, SocketAnswer]] = {
    WebSocketState.CONNECTED: "accepted",
    WebSocketState.RESPONSE: "closed",
    WebSocketState.DISCONNECTED: "closed",
}


class _StarletteSocket:
    """A `WebSocket` as the adapter for any framework takes it."""

    def __init__(self, websocket: WebSocket) -> None:
        self.scope: Scope = websocket.scope
        self.receive = websocket.receive
        self.send = websocket.send
        self._websocket = websocket

    def answer(self) -> SocketAnswer | None:
        """As `AsgiSocket.answer`."""
        if self._websocket.client_state is WebSocketState.DISCONNECTED:
            return "closed"
        return _ANSWERS.get(self._websocket.application_state)

    async def accept(self, subprotocol: str | None) -> None:
        """As `AsgiSocket.accept`."""
        await self._websocket.accept(subprotocol)

    def attach(self, make: Callable[[Send], AsgiHandle]) -> AsgiHandle:
        """As `AsgiSocket.attach`.

        The public `websocket.send` only adds a state machine that a handle has no use for, and
        hides the server beneath it. It serves where what it calls can't be found, and where a
        subclass has a `send` of its own, which is to see everything.
        """
        websocket = self._websocket
        if type(websocket).send is not WebSocket.send or not callable(
            getattr(websocket, "_send", None)
        ):
            return make(websocket.send)
        handle = make(websocket._send)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        websocket._send = handle.send_for_app  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return handle

    def refusal_of(self, error: Exception) -> Refusal | None:
        """As `AsgiSocket.refusal_of`."""
        if not isinstance(error, HTTPException):
            return None
        return refusal_with(error.status_code, error.detail, error.headers or {})
