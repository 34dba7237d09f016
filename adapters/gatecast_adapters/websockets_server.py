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
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import HandleClosedError, NotAdmittedError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Runtime
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._incoming import Incoming, OnMessage
from gatecast_adapters._life import HandleSettings, Happening
from gatecast_adapters._native.handle import NativeHandle
from gatecast_adapters._native.turns import CurrentTurns
from gatecast_adapters._refusal import NOT_AUTHENTICATED, ORIGIN_NOT_ALLOWED, Refusal
from gatecast_adapters._sockets import Sockets, SocketSettings
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import (
    COMPRESSION_THRESHOLD,
    TextFrames,
    shared_below,
)
from gatecast_adapters.event_loop import RUNTIME

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
        self, connection: ServerConnection, settings: HandleSettings, turns: Turns[TextFrames]
    ) -> None:
        super().__init__(
            connection.transport,
            settings,
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

    @property
    @override
    def departure(self) -> Ending:
        """As the close frame of the peer says."""
        close = self._protocol.close_rcvd
        return Ending.GONE if close is None else Ending.by_peer(close.code, close.reason)

    @override
    def _keeps_up(self) -> bool:
        if self._protocol.state is not State.OPEN:
            self._end(Happening.FAILED)
            raise HandleClosedError
        return not self._connection.paused and not self._protocol.expect_continuation_frame

    @override
    def _encode_alone(self, frame: Frame) -> bytes:
        self._protocol.send_text(frame.data)
        return b"".join(self._protocol.data_to_send())

    @override
    def _notify(self, code: int, reason: str) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._connection.send_data()

    @override
    def _disconnect(self) -> None:
        self._connection.transport.abort()

    @override
    def flush(self) -> None:
        super().flush()
        if self.is_waiting and self._writer is None:
            self._writer = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        """Hand on what waits as the peer reads on; ends when nothing waits any more."""
        try:
            while self.is_open and self._outbox:
                await self._connection.send(self._outbox.pop().data, text=True)
                super().flush()
        except ConnectionClosed:
            self._fail(HandleClosedError())
        finally:
            self._writer = None


@dataclass(frozen=True, slots=True)
class _Admitted(Generic[TIdentity]):
    """A peer that was identified before the upgrade, and the admission that registering ends."""

    identity: TIdentity
    admission: Admission[TIdentity]


class WebsocketsServerTransport(ConnectionTransport[WebsocketsServerHandle, TIdentity]):
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
        runtime: Runtime = RUNTIME,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, runtime=runtime, **options)
        self.__adapter = self.adapter
        self.__sockets: Sockets[WebsocketsServerHandle, TIdentity] = Sockets(
            self, SocketSettings(allowed_origins, idle_timeout)
        )
        self.__settings = HandleSettings(
            limits or OutboxLimits(), close_timeout, self.__adapter.failed
        )
        self.__turns = CurrentTurns()
        self.__admitted: dict[ServerConnection, _Admitted[TIdentity]] = {}

    def process_request(self, identify: Identify[TIdentity]) -> ProcessRequest:
        """What the server asks before the upgrade: checks the origin and identifies the peer.

        A peer that is refused gets 403 or 401. What `identify` raises is logged by the server and
        answered with 500.
        """
        return partial(self.__answer, identify)

    async def serve(
        self, connection: ServerConnection, *, on_message: OnMessage[TIdentity] | None = None
    ) -> None:
        """Serve one connection after its handshake, to its end; returns when it is closed.

        The connection is registered, and what it sends goes to `on_message`. A credential that was
        revoked meanwhile is closed with 4001 (REV-6). What `on_message` raises is raised here after
        a close with 1011. Raises `NotAdmittedError` for a connection that `process_request` has not
        admitted.
        """
        admitted = self.__admitted.pop(connection, None)
        if admitted is None:
            raise NotAdmittedError(connection)
        handle = WebsocketsServerHandle(connection, self.__settings, self.__turns.get())
        # At once, even while `on_message` goes on.
        connection.connection_lost_waiter.add_done_callback(
            lambda _: self.__adapter.left(handle, handle.departure)
        )
        await self.__sockets.serve(handle, admitted.identity, admitted.admission, on_message)

    async def __answer(
        self, identify: Identify[TIdentity], connection: ServerConnection, request: Request
    ) -> Response | None:
        refusal = self.__refusal(request)
        if refusal is not None:
            return self.__refuse(connection, refusal)
        admission = self.__sockets.admit()
        # However the handshake ends: nothing else is notified if it fails after this.
        connection.connection_lost_waiter.add_done_callback(
            lambda _: self.__discard(connection, admission)
        )
        identity = await identify(request)
        if identity is None:
            return self.__refuse(connection, NOT_AUTHENTICATED)
        self.__admitted[connection] = _Admitted(identity, admission)
        return None

    def __discard(self, connection: ServerConnection, admission: Admission[TIdentity]) -> None:
        self.__admitted.pop(connection, None)
        admission.end()

    def __refusal(self, request: Request) -> Refusal | None:
        try:
            return self.__sockets.refusal(request.headers)
        except MultipleValuesError:
            return ORIGIN_NOT_ALLOWED  # RFC 6454 section 7.3 allows one.

    def __refuse(self, connection: ServerConnection, refusal: Refusal) -> Response:
        self.__adapter.refused(refusal.ending, status=refusal.status)
        response = connection.respond(HTTPStatus(refusal.status), f"{refusal.detail}\n")
        response.headers.update(refusal.headers)
        return response
