"""WebSockets of any ASGI app: from the handshake to the loop that all sockets share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Generic, TypeVar

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import AlreadyAcceptedError
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters._asgi.handle import AsgiHandle
from gatecast_adapters._asgi.handshake import AsgiSocket, accepted, refuse
from gatecast_adapters._asgi.reading import Reading
from gatecast_adapters._asgi.request import AsgiRequest
from gatecast_adapters._asgi.server import find_known_server
from gatecast_adapters._asgi.types import Send
from gatecast_adapters._asgi.wire import WEBSOCKET
from gatecast_adapters._incoming import OnMessage
from gatecast_adapters._life import HandleSettings
from gatecast_adapters._refusal import NOT_AUTHENTICATED, Refusal
from gatecast_adapters._sockets import Sockets, SocketSettings

__all__ = ["AsgiSockets"]

TIdentity = TypeVar("TIdentity")


class AsgiSockets(Generic[TIdentity]):
    """Serves the WebSockets of one transport, whatever the framework."""

    def __init__(
        self,
        transport: ConnectionTransport[AsgiHandle, TIdentity],
        *,
        limits: OutboxLimits | None,
        close_timeout: float,
        max_message_bytes: int,
        idle_timeout: float | None,
        allowed_origins: Collection[str],
        in_place: bool,
    ) -> None:
        settings = SocketSettings(allowed_origins, idle_timeout, max_message_bytes)
        self._adapter = transport.adapter
        self._sockets: Sockets[AsgiHandle, TIdentity] = Sockets(transport, settings)
        self._settings = HandleSettings(
            limits or OutboxLimits(), close_timeout, self._adapter.failed
        )
        self._in_place = in_place

    async def serve(
        self,
        socket: AsgiSocket,
        identify: Callable[[], Awaitable[TIdentity | None]],
        on_message: OnMessage[TIdentity] | None,
        subprotocol: str | None,
    ) -> None:
        """Serve one socket from the handshake to its end; returns when it is closed."""
        if (answer := socket.answer()) is not None:
            raise AlreadyAcceptedError(answer)
        refusal = self._sockets.refusal(AsgiRequest(socket.scope).headers)
        if refusal is not None:
            await self._refuse(socket, refusal)
            return
        with self._sockets.admit() as admission:
            identity = await self._identified(socket, identify)
            if identity is not None and await accepted(socket, subprotocol):
                handle = socket.attach(partial(self._handle, socket))
                await self._sockets.serve(handle, identity, admission, on_message)

    async def _identified(
        self, socket: AsgiSocket, identify: Callable[[], Awaitable[TIdentity | None]]
    ) -> TIdentity | None:
        """Who asks; `None` if they were refused."""
        try:
            identity = await identify()
        except Exception as error:
            # A framework would answer it too, but only where the server has the extension for it,
            # and not without an error in uvicorn's log.
            refusal = socket.refusal_of(error)
            if refusal is None:
                raise
            await self._refuse(socket, refusal)
            return None
        if identity is None:
            await self._refuse(socket, NOT_AUTHENTICATED)
        return identity

    async def _refuse(self, socket: AsgiSocket, refusal: Refusal) -> None:
        answer = socket.answer()
        if answer == "accepted":
            raise AlreadyAcceptedError(answer)
        self._adapter.refused(refusal.ending, status=refusal.status)
        if answer is None:  # It may be that `identify` has closed the socket itself.
            await refuse(socket, refusal)

    def _handle(self, socket: AsgiSocket, send: Send) -> AsgiHandle:
        reading = Reading(socket.receive, find_known_server(send))
        return AsgiHandle(send, reading, self._settings, WEBSOCKET, in_place=self._in_place)
