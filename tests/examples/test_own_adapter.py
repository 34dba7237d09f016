"""The contract over the example adapter, with a client that reads the socket itself."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import anyio
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from examples.own_adapter import LineTransport
from gatecast_contracts import (
    Closed,
    ConnectionIdentityContract,
    FarEnd,
    LiveAdapter,
    Received,
    ServeOptions,
)


class LineFarEnd(FarEnd):
    """A client of the line protocol, which reads only when it is asked to."""

    def __init__(self, stream: SocketStream) -> None:
        self._lines, self._end = BufferedByteReceiveStream(stream), Closed(1006, "")

    async def receive(self) -> Received:
        with suppress(anyio.IncompleteRead, anyio.BrokenResourceError):
            line = await self._lines.receive_until(b"\n", 1024 * 1024)
            if (message := json.loads(line))["method"] != "close":
                return line.decode()
            self._end = Closed(**message["params"])
            await self._lines.receive_until(b"\n", 1)  # which is not there any more
        return self._end

    async def vanish(self) -> None:
        await self._lines.aclose()


class TestLines(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        transport = LineTransport(options.limits, options.close_timeout, **options.for_transport)
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(SocketAttribute.local_port)

        async def connect(ticket: str) -> FarEnd:
            stream = await clients.enter_async_context(await anyio.connect_tcp("127.0.0.1", port))
            await stream.send(f"{ticket}\n".encode())
            return LineFarEnd(stream)

        async with listener, anyio.create_task_group() as tasks, AsyncExitStack() as clients:
            tasks.start_soon(listener.serve, partial(transport.serve, options.identify))
            yield LiveAdapter(transport, connect)
            tasks.cancel_scope.cancel()
