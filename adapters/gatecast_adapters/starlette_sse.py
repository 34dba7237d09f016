"""Server-Sent Events streams of Starlette and FastAPI. Extra: `gatecast[sse]`."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeAlias

from typing_extensions import TypeVar, Unpack, override

from gatecast.connections.admission import Admission
from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidLimitError
from gatecast.identity.ids import AccountId, TokenHash
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Host
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._turns import Turns
from gatecast_adapters.event_loop import HOST

with requires_extra("sse"):
    import anyio
    from sse_starlette import EventSourceResponse
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.types import Receive, Scope, Send

    from gatecast_adapters._asgi.handle import Delivery
    from gatecast_adapters._asgi.sse_events import (
        CLOSED_EVENT_ID,
        OPENING,
        Encoders,
        EventField,
        close_encoder,
        encoder,
    )
    from gatecast_adapters._asgi.sse_handle import SseHandle
    from gatecast_adapters._origin import OriginPolicy

__all__ = [
    "BackendSseTransport",
    "Identify",
    "SseHandle",
    "SseIdentity",
    "SseStream",
]


@dataclass(frozen=True, slots=True)
class SseIdentity:
    """Who a stream belongs to. It is opened under a session, so there is always a token hash."""

    account_id: AccountId
    token_hash: TokenHash
    channels: frozenset[str] = frozenset()
    """What the stream asked for; a predicate may look at it."""
    expires_at: float | None = None
    """When the credential ends, in seconds since the epoch, as the `exp` of a JWT (REV-8)."""


TIdentity = TypeVar("TIdentity", default=SseIdentity)

Identify: TypeAlias = Callable[[Request], Awaitable[TIdentity | None]]
"""Says who asks for a stream; `None` refuses it with 401, an `HTTPException` with its status."""


class BackendSseTransport(ConnectionTransport[SseHandle, TIdentity]):
    """The event streams of an ASGI app.

    Args:
        transport_name: unique among the transports of an app.
        limits: how much may wait for one stream (BKP-2).
        close_timeout: seconds that a peer has to take its close, above zero (REV-7).
        keep_alive: seconds between comments that keep a proxy from ending an idle stream, above 0.
        retry_spread: seconds, above zero: a close with 1001, 1012 or 1013 has a `retry:` at random
            between one second and this, so that not all streams come back at once.
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
        host: Host = HOST,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, host=host, **options)
        if not keep_alive > 0:
            raise InvalidLimitError("keep_alive", keep_alive)
        if not retry_spread > 0:
            raise InvalidLimitError("retry_spread", retry_spread)
        self._keep_alive = keep_alive
        self._origins = OriginPolicy(allowed_origins)
        self._encoders = Encoders.of(encoder(event, event_id), close_encoder(retry_spread, uniform))
        self._turns: Turns[bytes] = Turns(self._encoders.joined)
        self._delivery = Delivery(
            limits or OutboxLimits(), close_timeout, in_place, self.drop_connection
        )

    def serve(self, request: Request, *, identify: Identify[TIdentity]) -> SseStream[TIdentity]:
        """The response that is the stream: return it from the endpoint.

        When it is sent, the origin is checked, the peer identified and the stream registered; it is
        released when the response ends, however it ends. Whoever is not let in gets an HTTP status,
        and a browser that reconnects after a close for good, or for a cap, gets 204, at which it
        stops (LIF-3). A credential that is revoked meanwhile is closed with 4001 (REV-6).
        """
        return SseStream(self, request, identify)

    @override
    def prepare_frame(self, frame: Frame) -> None:
        """Raises `InvalidEventFieldError` if `event` or `event_id` give what no field may hold."""
        super().prepare_frame(frame)
        frame.encoded(self._encoders.event)

    async def run(
        self, identity: TIdentity, admission: Admission[TIdentity], receive: Receive, send: Send
    ) -> None:
        """Register a stream whose response has begun, and hold it until it ends."""
        if not self.is_ready():
            # The event loop may be another one by now.
            self._turns = Turns(self._encoders.joined)
        handle = SseHandle(send, self._delivery, self._encoders, self._turns)
        try:
            with handle.serving():
                self.let_in(handle, identity, admission)
                await self._until_disconnected(handle, receive)
        finally:
            self.remove_connection(handle)
            handle.release()

    def refusal(self, request: Request) -> Response | None:
        """What `request` is answered with before anyone is identified; `None` to go on."""
        if not self._origins.allows(request.headers):
            return PlainTextResponse("Origin not allowed", 403)
        if request.headers.get("last-event-id") == CLOSED_EVENT_ID:
            return Response(status_code=204)
        return None

    async def _until_disconnected(self, handle: SseHandle, receive: Receive) -> None:
        has_moved_on = False
        while True:
            with anyio.move_on_after(self._keep_alive):
                if (await receive())["type"] == "http.disconnect":
                    return
                continue
            # Twice, since the disconnect may be on its way.
            had_moved_on, has_moved_on = has_moved_on, handle.has_moved_on()
            if had_moved_on and has_moved_on:
                handle.give_up()
                return
            handle.keep_alive()


class SseStream(EventSourceResponse, Generic[TIdentity]):
    """The response of one stream. Headers, and the answer to HEAD, are those of sse-starlette."""

    def __init__(
        self,
        transport: BackendSseTransport[TIdentity],
        request: Request,
        identify: Identify[TIdentity],
    ) -> None:
        # Its signature has a bare `dict` in it, which pyright counts as unknown.
        super().__init__(content=iter(()))  # pyright: ignore[reportUnknownMemberType]
        # No other response may follow on the connection: it is aborted if its peer does not take
        # the close in time (REV-7).
        self.headers["Connection"] = "close"
        self._transport = transport
        self._request = request
        self._identify = identify

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._transport.refusal(self._request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        with self._transport.admit() as admission:
            identity = await self._identify(self._request)
            if identity is None:
                await _NOT_AUTHENTICATED(scope, receive, send)
            elif self._request.method == "HEAD":
                await super().__call__(scope, receive, send)
            else:
                await self._begin(send)
                await self._transport.run(identity, admission, receive, send)

    async def _begin(self, send: Send) -> None:
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(OPENING)


_NOT_AUTHENTICATED = PlainTextResponse(
    "Not authenticated",
    401,
    headers={"WWW-Authenticate": "Bearer"},  # RFC 9110 section 15.5.2
)
