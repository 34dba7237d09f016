"""WebSockets and Server-Sent Events of any ASGI app, without a framework. Extra: `gatecast[asgi]`.

Where a framework has an adapter of its own, that one knows its requests and its errors. This one
takes what every ASGI app is called with, so it serves beside any of them.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeAlias

from typing_extensions import TypeVar, Unpack

from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Runtime
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._incoming import Incoming, OnMessage
from gatecast_adapters.event_loop import RUNTIME

with requires_extra("asgi"):
    from gatecast_adapters._asgi.handle import AsgiHandle
    from gatecast_adapters._asgi.handshake import PlainSocket
    from gatecast_adapters._asgi.request import AsgiRequest
    from gatecast_adapters._asgi.sockets import AsgiSockets
    from gatecast_adapters._asgi.sse_events import EventField, encoder
    from gatecast_adapters._asgi.streams import AsgiStream, AsgiStreams, SseIdentity
    from gatecast_adapters._asgi.types import Message, Receive, Scope, Send

__all__ = [
    "AsgiHandle",
    "AsgiRequest",
    "AsgiSseTransport",
    "AsgiWebsocketTransport",
    "EventField",
    "Identify",
    "Incoming",
    "Message",
    "OnMessage",
    "Receive",
    "Scope",
    "Send",
    "SseIdentity",
]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)
TStreamIdentity = TypeVar("TStreamIdentity", default=SseIdentity)

Identify: TypeAlias = Callable[[AsgiRequest], Awaitable[TIdentity | None]]
"""Says who asks for a connection; `None` refuses it with 401. It is called before the upgrade."""


class AsgiWebsocketTransport(ConnectionTransport[AsgiHandle, TIdentity]):
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
        scope: Scope,
        receive: Receive,
        send: Send,
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
        here, the latter after a close with 1011. Raises `AlreadyAcceptedError` if the app has
        received or sent anything before.
        """
        socket = PlainSocket(scope, receive, send)
        asking = partial(identify, AsgiRequest(scope))
        await self.__sockets.serve(socket, asking, on_message, subprotocol)


class AsgiSseTransport(ConnectionTransport[AsgiHandle, TStreamIdentity]):
    """The event streams of an ASGI app.

    Args:
        transport_name: unique among the transports of an app.
        limits: how much may wait for one stream (BKP-2).
        close_timeout: seconds that a peer has to take its close, above zero (REV-7).
        keep_alive: seconds between comments that keep a proxy from ending an idle stream, above 0.
        retry_spread: seconds, above zero: a close with 1001, 1012 or 1013 has a `retry:` at random
            between one second and this, so that not all streams reconnect at once.
        event: takes the `event:` field of a block from its message; by default there is none, and a
            browser gets every message as a `message` event. `"close"` is reserved.
        event_id: takes the `id:` field of a block from its message; by default there is none.
            `"gatecast-closed"` is reserved.
        allowed_origins: pages that may connect beside those of the same origin; `"*"` for all.
        in_place: send without a task switch where the server is known to allow it.
        uniform: the source of random numbers, called with a lower and an upper bound.
        options: those of every transport, see `TransportOptions`.
    """

    def __init__(
        self,
        *,
        transport_name: str = "sse",
        limits: OutboxLimits | None = None,
        close_timeout: float = 5.0,
        keep_alive: float = 15.0,
        retry_spread: float = 5.0,
        event: EventField | None = None,
        event_id: EventField | None = None,
        allowed_origins: Collection[str] = (),
        in_place: bool = True,
        uniform: Callable[[float, float], float] = random.uniform,
        runtime: Runtime = RUNTIME,
        **options: Unpack[TransportOptions[TStreamIdentity]],
    ) -> None:
        encode = encoder(event, event_id)
        prepare = partial(Frame.encoded, encoder=encode)
        super().__init__(transport_name, runtime=runtime, prepare=prepare, **options)
        self.__streams: AsgiStreams[TStreamIdentity] = AsgiStreams(
            self,
            limits=limits,
            close_timeout=close_timeout,
            keep_alive=keep_alive,
            retry_spread=retry_spread,
            encode=encode,
            allowed_origins=allowed_origins,
            in_place=in_place,
            uniform=uniform,
        )

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, *, identify: Identify[TStreamIdentity]
    ) -> None:
        """Answer one request with a stream; returns when it has ended.

        The origin is checked, the peer identified and the stream registered. A peer that is refused
        gets an HTTP status, and a browser that reconnects after a close for good, or for a cap,
        gets 204, at which it stops (LIF-3). A credential that is revoked meanwhile is closed with
        4001 (REV-6). Raises `AlreadyAcceptedError` if another response was begun before.
        """
        asking = partial(identify, AsgiRequest(scope))
        await self.__streams.serve(AsgiStream(scope, receive, send), asking)
