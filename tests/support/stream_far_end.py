"""The peer's end of a stream for the contract suite: `httpx`, used as an `EventSource` would."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

import httpx
from httpx_sse import EventSource, ServerSentEvent

from gatecast_contracts import Closed, Received

__all__ = ["Connect", "StreamFarEnd", "connecting"]

_NO_FAREWELL = struct.pack("ii", 1, 0)


class StreamFarEnd:
    """One stream. It is read only when the next event is asked for, so that it stalls by itself."""

    def __init__(self, client: httpx.AsyncClient, response: httpx.Response) -> None:
        self._client = client
        self._response = response
        self._events: AsyncIterator[ServerSentEvent] = EventSource(response).aiter_sse()
        self._last_event_id = ""
        self._closed: Closed | None = None
        if response.status_code != 200:
            self._closed = Closed(1006, "")

    async def receive(self) -> Received:
        if self._closed is None:
            event = await self._next()
            if event is not None and event.event == "message":
                return event.data
            # The close is told by an event, but comes when nothing can follow it.
            if event is not None and await self._next() is None:
                self._closed = Closed(**event.json())
        return self._closed or Closed(1006, "")

    async def _next(self) -> ServerSentEvent | None:
        try:
            event = await anext(self._events, None)
        except httpx.TransportError:
            return None
        if event is not None:
            self._last_event_id = event.id
        return event

    async def stall(self) -> None:
        pass

    async def resume(self) -> None:
        pass

    async def vanish(self) -> None:
        stream = self._response.extensions["network_stream"]
        connection = stream.get_extra_info("socket")
        if connection.fileno() != -1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
        await stream.aclose()
        # What has arrived is read, or trio would miss the end of the iteration.
        while await self._next() is not None:
            pass
        await self._response.aclose()

    async def reconnect(self) -> bool:
        # WHATWG HTML section 9.2.3: any answer but a stream ends it for good.
        if self._response.status_code != 200:
            return False
        headers = {"Last-Event-ID": self._last_event_id}
        try:
            async with self._client.stream("GET", self._response.url, headers=headers) as answer:
                return answer.status_code == 200
        except httpx.TransportError:
            return True


Connect: TypeAlias = Callable[[str], Awaitable[StreamFarEnd]]
"""Opens a stream with this ticket."""


@asynccontextmanager
async def connecting(port: int) -> AsyncGenerator[Connect]:
    """Opens streams of a server on this machine, `/?as=ticket`; cuts off all in the end."""
    # Soon full, so that a peer which doesn't read has stalled soon.
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)]
    async with AsyncExitStack() as stack:

        async def open_far_end(ticket: str) -> StreamFarEnd:
            client = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(verify=False, socket_options=small)
            )
            await stack.enter_async_context(client)
            request = client.build_request("GET", f"http://127.0.0.1:{port}/?as={ticket}")
            far_end = StreamFarEnd(client, await client.send(request, stream=True))
            stack.push_async_callback(far_end.vanish)
            return far_end

        yield open_far_end
