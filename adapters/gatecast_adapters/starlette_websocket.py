"""WebSocket connections of Starlette and FastAPI. Extra: `gatecast[starlette]`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import TypeAlias

from typing_extensions import TypeVar, Unpack

from gatecast.close_codes import CloseCode
from gatecast.connections.admission import Admission
from gatecast.connections.connection import Connection
from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidLimitError
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Host
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._incoming import Incoming, OnMessage, answer
from gatecast_adapters.event_loop import HOST

with requires_extra("starlette"):
    import anyio
    import anyio.lowlevel
    from starlette.exceptions import HTTPException
    from starlette.responses import PlainTextResponse
    from starlette.types import Message, Receive
    from starlette.websockets import WebSocket, WebSocketState

    from gatecast_adapters._asgi.handle import Delivery
    from gatecast_adapters._asgi.websocket_handle import WebsocketHandle
    from gatecast_adapters._origin import OriginPolicy
    from gatecast_adapters._retry_after import RETRY_AFTER

__all__ = ["BackendWebsocketTransport", "Identify", "Incoming", "OnMessage", "WebsocketHandle"]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)


Identify: TypeAlias = Callable[[WebSocket], Awaitable[TIdentity | None]]
"""Says who asks for a connection; `None` refuses it with 401. It is called before the upgrade, so
an `HTTPException` that it raises is the answer as well."""


class BackendWebsocketTransport(ConnectionTransport[WebsocketHandle, TIdentity]):
    """The WebSocket connections of an ASGI app.

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
        host: Host = HOST,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, host=host, **options)
        if max_message_bytes < 1:
            raise InvalidLimitError("max_message_bytes", max_message_bytes)
        if idle_timeout is not None and not idle_timeout > 0:
            raise InvalidLimitError("idle_timeout", idle_timeout)
        self._max_message_bytes = max_message_bytes
        self._idle_timeout = idle_timeout
        self._origins = OriginPolicy(allowed_origins)
        self._delivery = Delivery(
            limits or OutboxLimits(), close_timeout, in_place, self.drop_connection
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
        it sends goes to `on_message`. Whoever is not let in gets an HTTP status where the server
        can send one, and whoever is gone by then is left alone. A credential that is revoked
        meanwhile is closed with 4001 (REV-6). What `identify` and `on_message` raise is raised
        here, the latter after a close with 1011; an `HTTPException` of `identify` is answered.
        """
        if not self._origins.allows(websocket.headers):
            await _refuse(websocket, 403, "Origin not allowed")
            return
        if self.is_draining:
            await _refuse(websocket, 503, "Going away", RETRY_AFTER)
            return
        with self.admit() as admission:
            identity = await _identified(websocket, identify)
            if identity is None or not await _accepted(websocket, subprotocol):
                return
            handle = WebsocketHandle(websocket, self._delivery)
            failure = None
            try:
                with handle.serving():
                    failure = await self._hold(websocket, handle, identity, admission, on_message)
            finally:
                handle.release()
        if failure is not None:
            raise failure

    async def _hold(
        self,
        websocket: WebSocket,
        handle: WebsocketHandle,
        identity: TIdentity,
        admission: Admission[TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> Exception | None:
        """Keep the socket until it is gone; return what the app raised."""
        failure = None
        receive = self._receiver(websocket, handle)
        try:
            connection = self.let_in(handle, identity, admission)
            while (event := await receive())["type"] != "websocket.disconnect":
                # A socket that was closed by us is read on, or its peer's close would not be seen.
                if connection is not None and connection.live:
                    await self._take(event, connection, on_message)
        except Exception as error:  # noqa: BLE001  # Whatever it is, `serve` raises it again.
            failure = error
            handle.close(CloseCode.INTERNAL_ERROR, "Internal error")
        finally:
            self.remove_connection(handle)
        while websocket.client_state is not WebSocketState.DISCONNECTED:
            await receive()
        return failure

    def _receiver(self, websocket: WebSocket, handle: WebsocketHandle) -> Receive:
        """What waits for the next event of the peer, and closes one that is silent for too long."""
        receive = handle.receiver(websocket.receive)
        if self._idle_timeout is None:
            return receive
        idle_timeout = self._idle_timeout

        async def receive_in_time() -> Message:
            with anyio.move_on_after(idle_timeout):
                return await receive()
            self.remove_connection(handle)
            handle.close(CloseCode.SERVER_HEARTBEAT_TIMEOUT, "Idle")
            return await receive()

        return receive_in_time

    async def _take(
        self,
        event: Message,
        connection: Connection[WebsocketHandle, TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> None:
        text = event.get("text")
        if text is None:
            self.close_connection(
                connection.id, code=CloseCode.UNSUPPORTED_DATA, reason="Text frames only"
            )
        elif len(text.encode()) > self._max_message_bytes:
            self.close_connection(
                connection.id, code=CloseCode.MESSAGE_TOO_BIG, reason="Message too big"
            )
        else:
            with connection.handle.interruptible():
                await answer(self, connection, text, on_message)


async def _identified(websocket: WebSocket, identify: Identify[TIdentity]) -> TIdentity | None:
    """Who asks; `None` if they were refused."""
    try:
        identity = await identify(websocket)
    except HTTPException as refusal:
        # Starlette would answer it too, but only where the server has the extension for it, and not
        # without an error in uvicorn's log.
        await _refuse(websocket, refusal.status_code, refusal.detail, refusal.headers)
        return None
    if identity is None:
        challenge = {"WWW-Authenticate": "Bearer"}  # RFC 9110 section 15.5.2
        await _refuse(websocket, 401, "Not authenticated", challenge)
    return identity


async def _accepted(websocket: WebSocket, subprotocol: str | None) -> bool:
    try:
        await websocket.accept(subprotocol)
    except OSError:
        return False  # The peer did not wait for it.
    return True


async def _refuse(
    websocket: WebSocket, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer the handshake with an HTTP status, or as the server can: 403 without a body."""
    with suppress(OSError):  # The peer did not wait for it.
        if "websocket.http.response" in websocket.scope.get("extensions", {}):
            await websocket.send_denial_response(PlainTextResponse(detail, status, headers))
        else:
            await websocket.close(CloseCode.POLICY_VIOLATION, detail)
    # uvicorn takes a handshake for unfinished, and logs an error, until it has seen the socket go.
    await anyio.lowlevel.checkpoint()
