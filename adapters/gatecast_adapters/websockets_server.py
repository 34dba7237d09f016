"""WebSocket connections of the `websockets` asyncio server. Extra: `gatecast[websockets]`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Generic, TypeAlias

from typing_extensions import TypeVar, Unpack, override

from gatecast.connections.admission import Admission
from gatecast.connections.options import TransportOptions
from gatecast.errors import HandleClosedError, NotAdmittedError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Host
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._incoming import Incoming, OnMessage
from gatecast_adapters._native.handle import Delivery, NativeHandle
from gatecast_adapters._native.transport import NativeTransport
from gatecast_adapters._retry_after import RETRY_AFTER
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import (
    COMPRESSION_THRESHOLD,
    TextFrames,
    shared_below,
)
from gatecast_adapters.event_loop import HOST

with requires_extra("websockets"):
    from websockets.asyncio.server import ServerConnection
    from websockets.datastructures import MultipleValuesError
    from websockets.exceptions import ConnectionClosed
    from websockets.http11 import Request, Response
    from websockets.protocol import State

__all__ = [
    "COMPRESSION_THRESHOLD",
    "Identify",
    "Incoming",
    "OnMessage",
    "ProcessRequest",
    "WebsocketsServerHandle",
    "WebsocketsServerTransport",
]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)

Identify: TypeAlias = Callable[[Request], Awaitable[TIdentity | None]]
"""Says who asks for a connection; `None` refuses it with 401. It is called before the upgrade."""

ProcessRequest: TypeAlias = Callable[[ServerConnection, Request], Awaitable[Response | None]]
"""What `websockets.asyncio.server.serve` takes as `process_request`."""


class WebsocketsServerHandle(NativeHandle):
    """One connection whose handshake is complete."""

    __slots__ = ("_connection", "_protocol", "_writer")

    def __init__(
        self, connection: ServerConnection, delivery: Delivery, turns: Turns[TextFrames]
    ) -> None:
        super().__init__(
            connection.transport,
            delivery,
            turns,
            shared_below(connection.protocol.extensions),
        )
        self._connection = connection
        self._protocol = connection.protocol
        self._writer: asyncio.Task[None] | None = None

    @override
    async def receive(self) -> str | bytes | None:
        try:
            return await self._connection.recv()
        except ConnectionClosed:
            return None

    @override
    def _keeps_up(self) -> bool:
        if self._protocol.state is not State.OPEN:
            self._end()
            raise HandleClosedError
        return not self._connection.paused and not self._protocol.expect_continuation_frame

    @override
    def _encode_alone(self, frame: Frame) -> bytes:
        self._protocol.send_text(frame.data)
        return b"".join(self._protocol.data_to_send())

    @override
    def _tell(self, code: int, reason: str) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._connection.send_data()

    @override
    def _abort(self) -> None:
        self._connection.transport.abort()

    @override
    def flush(self) -> None:
        super().flush()
        if self._waiting and self._open and self._writer is None:
            self._writer = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        """Hand on what waits as the peer reads on; ends when nothing waits any more."""
        try:
            while self._open and self._outbox:
                await self._connection.send(self._outbox.pop().data, text=True)
                super().flush()
        except ConnectionClosed:
            self._fail(HandleClosedError())
        finally:
            self._writer = None


@dataclass(frozen=True, slots=True)
class _Admitted(Generic[TIdentity]):
    """Who was let in before the upgrade, and the admission that registering ends."""

    identity: TIdentity
    admission: Admission[TIdentity]


class WebsocketsServerTransport(NativeTransport[WebsocketsServerHandle, TIdentity]):
    """The connections of a `websockets` server.

        transport = WebsocketsServerTransport()

        async with serve(
            transport.serve, "localhost", 8000, process_request=transport.process_request(identify)
        ) as server:
            await server.serve_forever()

    Keepalive, the largest message taken from a peer, compression and subprotocols are the server's:
    see the arguments of `websockets.asyncio.server.serve`.

    Args:
        transport_name: unique among the transports of an app.
        limits: how much may wait for one connection beyond the server's `write_limit` (BKP-2).
        close_timeout: seconds that a peer has to take its close, above zero (REV-7).
        idle_timeout: seconds after which a peer that has sent no message is closed with 4003, above
            zero; by default silence is no fault, and the server's own pings tell who is gone.
        allowed_origins: pages that may connect beside those of the same origin; `"*"` for all.
        options: those of every transport, see `TransportOptions`.
    """

    def __init__(
        self,
        *,
        transport_name: str = "websockets",
        limits: OutboxLimits | None = None,
        close_timeout: float = 5.0,
        idle_timeout: float | None = None,
        allowed_origins: Collection[str] = (),
        host: Host = HOST,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(
            transport_name,
            limits=limits,
            close_timeout=close_timeout,
            idle_timeout=idle_timeout,
            allowed_origins=allowed_origins,
            host=host,
            **options,
        )
        self._admitted: dict[ServerConnection, _Admitted[TIdentity]] = {}

    def process_request(self, identify: Identify[TIdentity]) -> ProcessRequest:
        """What the server asks before the upgrade: checks the origin and identifies the peer.

        Whoever is not let in gets 403 or 401. What `identify` raises is logged by the server and
        answered with 500.
        """
        return partial(self._process_request, identify)

    async def serve(
        self, connection: ServerConnection, *, on_message: OnMessage[TIdentity] | None = None
    ) -> None:
        """Serve one connection after its handshake, to its end; returns when it is closed.

        The connection is registered, and what it sends goes to `on_message`. A credential that was
        revoked meanwhile is closed with 4001 (REV-6). What `on_message` raises is raised here after
        a close with 1011. Raises `NotAdmittedError` for a connection that `process_request` has not
        let in.
        """
        admitted = self._admitted.pop(connection, None)
        if admitted is None:
            raise NotAdmittedError(connection)
        handle = WebsocketsServerHandle(connection, self._delivery, self._current_turns())
        # At once, even while `on_message` goes on.
        connection.connection_lost_waiter.add_done_callback(
            lambda _: self.remove_connection(handle)
        )
        async with self._serving(handle):
            await self._converse(handle, admitted.identity, admitted.admission, on_message)

    async def _process_request(
        self, identify: Identify[TIdentity], connection: ServerConnection, request: Request
    ) -> Response | None:
        if not self._allows_origin(request):
            return connection.respond(HTTPStatus.FORBIDDEN, "Origin not allowed\n")
        if self.is_draining:
            return _going_away(connection)
        admission = self.admit()
        # However the handshake ends: nothing else is told if it fails after this.
        connection.connection_lost_waiter.add_done_callback(
            lambda _: self._discard(connection, admission)
        )
        identity = await identify(request)
        if identity is None:
            return _not_authenticated(connection)
        self._admitted[connection] = _Admitted(identity, admission)
        return None

    def _discard(self, connection: ServerConnection, admission: Admission[TIdentity]) -> None:
        self._admitted.pop(connection, None)
        admission.end()

    def _allows_origin(self, request: Request) -> bool:
        try:
            return self._origins.allows(request.headers)
        except MultipleValuesError:
            return False  # RFC 6454 section 7.3 allows one.


def _going_away(connection: ServerConnection) -> Response:
    response = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Going away\n")
    response.headers.update(RETRY_AFTER)
    return response


def _not_authenticated(connection: ServerConnection) -> Response:
    response = connection.respond(HTTPStatus.UNAUTHORIZED, "Not authenticated\n")
    response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 15.5.2
    return response
