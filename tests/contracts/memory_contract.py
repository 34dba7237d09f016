"""The contract over the memory adapter: what the suite's own tests start from."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar

import anyio

from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from gatecast_contracts import (
    Closed,
    ConnectionIdentityContract,
    FarEnd,
    LiveAdapter,
    Received,
    ServeOptions,
)

__all__ = ["MemoryContract", "MemoryFarEnd"]


class MemoryFarEnd(FarEnd):
    """The peer's end of a memory connection."""

    def __init__(self, handle: MemoryHandle) -> None:
        self.handle = handle
        self._gone = False
        self._read = 0

    async def receive(self) -> Received:
        while True:
            if self._read < len(self.handle.frames):
                self._read += 1
                return self.handle.frames[self._read - 1].text
            if self.handle.closed is not None:
                return Closed(*self.handle.closed)
            if self._gone:
                return Closed(1006, "")
            await anyio.sleep(0.001)

    async def stall(self) -> None:
        self.handle.stall()

    async def resume(self) -> None:
        self.handle.resume()

    async def vanish(self) -> None:
        self._gone = True
        self.handle.vanish()


class MemoryContract(ConnectionIdentityContract, abstract=True):
    transport_type: ClassVar[type[MemoryTransport]] = MemoryTransport
    far_end_type: ClassVar[type[MemoryFarEnd]] = MemoryFarEnd

    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        transport = self.transport_type(limits=options.limits, **options.for_transport)

        async def connect(ticket: str) -> MemoryFarEnd:
            return self.far_end_type(
                await transport.serve(identify=lambda: options.identify(ticket))
            )

        yield LiveAdapter(transport, connect)
