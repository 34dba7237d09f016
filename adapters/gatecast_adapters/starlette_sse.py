"""Server-Sent Events streams of Starlette and FastAPI. Extra: `gatecast[sse]`."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Generic, TypeAlias

from typing_extensions import TypeVar, Unpack, override

from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Runtime
from gatecast_adapters._extras import requires_extra
from gatecast_adapters.event_loop import RUNTIME

with requires_extra("sse"):
    from sse_starlette import EventSourceResponse
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from gatecast_adapters._asgi.handle import AsgiHandle
    from gatecast_adapters._asgi.sse_events import EventField, encoder
    from gatecast_adapters._asgi.streams import AsgiStream, AsgiStreams, SseIdentity

__all__ = [
    "BackendSseTransport",
    "EventField",
    "Identify",
    "SseHandle",
    "SseIdentity",
    "SseStream",
]

TIdentity = TypeVar("TIdentity", default=SseIdentity)

SseHandle: TypeAlias = AsgiHandle
"""One stream whose response has begun."""

Identify: TypeAlias = Callable[[Request], Awaitable[TIdentity | None]]
"""Says who asks for a stream; `None` refuses it with 401, an `HTTPException` with its status."""


class BackendSseTransport(ConnectionTransport[SseHandle, TIdentity]):
    """The event streams of a Starlette or FastAPI app.

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
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        encode = encoder(event, event_id)
        prepare = partial(Frame.encoded, encoder=encode)
        super().__init__(transport_name, runtime=runtime, prepare=prepare, **options)
        self.__streams: AsgiStreams[TIdentity] = AsgiStreams(
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

    def serve(self, request: Request, *, identify: Identify[TIdentity]) -> SseStream[TIdentity]:
        """The response that is the stream: return it from the endpoint.

        When it is sent, the origin is checked, the peer identified and the stream registered; it is
        released when the response ends, however it ends. A peer that is refused gets an HTTP
        status, and a browser that reconnects after a close for good, or for a cap, gets 204, at
        which it stops (LIF-3). A credential that is revoked meanwhile is closed with 4001 (REV-6).
        Sending it raises `AlreadyAcceptedError` if another response was begun before.
        """
        return SseStream(self.__streams, request, identify)


class SseStream(EventSourceResponse, Generic[TIdentity]):
    """The response of one stream. Its headers are those of sse-starlette."""

    def __init__(
        self,
        streams: AsgiStreams[TIdentity],
        request: Request,
        identify: Identify[TIdentity],
    ) -> None:
        # Its signature has a bare `dict` in it, which pyright counts as unknown.
        super().__init__(content=iter(()))  # pyright: ignore[reportUnknownMemberType]
        # No other response may follow on the connection: it is aborted if its peer does not take
        # the close in time (REV-7).
        self.headers["Connection"] = "close"
        self.__streams = streams
        self.__request = request
        self.__identify = identify

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = AsgiStream(scope, receive, send, self.raw_headers)
        await self.__streams.serve(stream, partial(self.__identify, self.__request))
