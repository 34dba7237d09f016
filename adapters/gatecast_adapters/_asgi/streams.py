"""Event streams of any ASGI app: from the request to the end of the response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import anyio

from gatecast.connections.admission import Admission
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import AlreadyAcceptedError, InvalidLimitError
from gatecast.identity.ids import AccountId, TokenHash
from gatecast.messages.frame import Frame
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters._asgi.handle import AsgiHandle
from gatecast_adapters._asgi.handshake import respond
from gatecast_adapters._asgi.reading import Reading
from gatecast_adapters._asgi.request import AsgiRequest
from gatecast_adapters._asgi.server import find_known_server
from gatecast_adapters._asgi.sse_events import (
    CLOSED_EVENT_ID,
    HEADERS,
    OPENING,
    close_encoder,
    joined_chunk,
    stream_form,
)
from gatecast_adapters._asgi.types import Message, Receive, Scope, Send
from gatecast_adapters._life import HandleSettings
from gatecast_adapters._origin import OriginPolicy
from gatecast_adapters._refusal import NOT_AUTHENTICATED, ORIGIN_NOT_ALLOWED, Refusal
from gatecast_adapters._turns import Turns

__all__ = ["AsgiStream", "AsgiStreams", "RawHeaders", "SseIdentity"]

TIdentity = TypeVar("TIdentity")

RawHeaders = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class SseIdentity:
    """Who a stream belongs to. It is opened under a session, so there is always a token hash."""

    account_id: AccountId
    token_hash: TokenHash
    channels: frozenset[str] = frozenset()
    """What the stream asked for; a predicate may look at it."""
    expires_at: float | None = None
    """When the credential ends, in seconds since the epoch, as the `exp` of a JWT (REV-8)."""


@dataclass(frozen=True, slots=True)
class AsgiStream:
    """One request for a stream."""

    scope: Scope
    receive: Receive
    send: Send
    headers: RawHeaders = HEADERS
    """What the response begins with."""


class AsgiStreams(Generic[TIdentity]):
    """Serves the streams of one transport, whatever the framework."""

    def __init__(
        self,
        transport: ConnectionTransport[AsgiHandle, TIdentity],
        *,
        limits: OutboxLimits | None,
        close_timeout: float,
        keep_alive: float,
        retry_spread: float,
        encode: Callable[[Frame], Message],
        allowed_origins: Collection[str],
        in_place: bool,
        uniform: Callable[[float, float], float],
    ) -> None:
        if not keep_alive > 0:
            raise InvalidLimitError("keep_alive", keep_alive)
        if not retry_spread > 0:
            raise InvalidLimitError("retry_spread", retry_spread)
        self._adapter = transport.adapter
        self._is_ready = transport.is_ready
        self._keep_alive = keep_alive
        self._origins = OriginPolicy(allowed_origins)
        self._encode = encode
        self._form = stream_form(encode, close_encoder(retry_spread, uniform))
        self._turns = self._new_turns()
        self._settings = HandleSettings(
            limits or OutboxLimits(), close_timeout, self._adapter.failed
        )
        self._in_place = in_place

    async def serve(
        self, stream: AsgiStream, identify: Callable[[], Awaitable[TIdentity | None]]
    ) -> None:
        """Answer one request with a stream, to its end, or refuse it."""
        request = AsgiRequest(stream.scope)
        if not self._origins.allows(request.headers):
            await self._refuse(stream, ORIGIN_NOT_ALLOWED)
        elif request.headers.get("last-event-id") == CLOSED_EVENT_ID:
            await self._start(stream, 204, ())
            await stream.send({"type": "http.response.body", "body": b""})
        else:
            with self._adapter.admit() as admission:
                await self._admitted(stream, await identify(), admission)

    async def _admitted(
        self, stream: AsgiStream, identity: TIdentity | None, admission: Admission[TIdentity]
    ) -> None:
        if identity is None:
            await self._refuse(stream, NOT_AUTHENTICATED)
            return
        await self._start(stream, 200, stream.headers)
        if stream.scope["method"] == "HEAD":
            await stream.send({"type": "http.response.body", "body": b""})
            return
        await stream.send(OPENING)
        await self._run(stream, identity, admission)

    async def _run(
        self, stream: AsgiStream, identity: TIdentity, admission: Admission[TIdentity]
    ) -> None:
        """Register a stream whose response has begun, and hold it until it ends."""
        handle = self._handle(stream)
        try:
            async with handle.served():
                self._adapter.let_in(handle, identity, admission)
                await self._until_gone(handle)
        finally:
            self._adapter.left(handle)
            handle.release()

    async def _until_gone(self, handle: AsgiHandle) -> None:
        has_moved_on = False
        while True:
            with anyio.move_on_after(self._keep_alive):
                await handle.until_gone()
                return
            # Twice, since the disconnect may be on its way.
            had_moved_on, has_moved_on = has_moved_on, handle.has_moved_on()
            if had_moved_on and has_moved_on:
                handle.abort()
                return
            handle.keep_alive()

    def _handle(self, stream: AsgiStream) -> AsgiHandle:
        if not self._is_ready():
            # The event loop may be another one by now.
            self._turns = self._new_turns()
        return AsgiHandle(
            stream.send,
            Reading(stream.receive, find_known_server(stream.send)),
            self._settings,
            self._form,
            in_place=self._in_place,
            turns=self._turns,
        )

    def _new_turns(self) -> Turns[bytes]:
        return Turns(partial(joined_chunk, self._encode))

    async def _refuse(self, stream: AsgiStream, refusal: Refusal) -> None:
        self._adapter.refused(refusal.ending, status=refusal.status)
        await respond(stream.send, refusal)

    async def _start(self, stream: AsgiStream, status: int, headers: RawHeaders) -> None:
        try:
            await stream.send(
                {"type": "http.response.start", "status": status, "headers": list(headers)}
            )
        except RuntimeError as error:  # What servers say of an answer out of turn.
            raise AlreadyAcceptedError("begun") from error
