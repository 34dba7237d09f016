"""The reading half of a connection of an ASGI server: waiting for the peer, and what ends that."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)

import anyio

from gatecast_adapters._asgi.server import KnownServer
from gatecast_adapters._asgi.types import Receive

__all__ = ["Reading"]


class Reading:
    """What the task that serves a connection waits in, until its peer is gone or it is aborted."""

    __slots__ = ("_close_sent", "_interruptible", "_receive", "_receiving", "server")

    def __init__(self, receive: Receive, server: KnownServer | None) -> None:
        self.server: KnownServer | None = server
        """What lies beneath the connection, where that is known."""
        self._receive = receive
        # These exist only while they are needed: most connections are idle.
        self._close_sent: anyio.Event | None = None
        self._receiving: anyio.CancelScope | None = None
        self._interruptible: anyio.CancelScope | None = None

    # What the task that serves the connection calls

    def served(self) -> AbstractAsyncContextManager[None]:
        """Read the connection within this: it ends when the connection is aborted.

        A known server ends the reading by itself once the connection is aborted.
        """
        return self._interrupted() if self.server is None else nullcontext()

    async def next_event(self) -> Mapping[str, object]:
        """Wait for the next event of the peer.

        Where the server is not known a close comes first. granian sends no close while its app
        receives: so that is interrupted until it is sent.
        """
        if self.server is not None:
            return await self._receive()
        while True:
            if self._close_sent is not None:
                await self._close_sent.wait()
            with anyio.CancelScope() as self._receiving:
                return await self._receive()

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """Run what may take an app long within this: it is cancelled when the peer is aborted."""
        if self._interruptible is not None:
            yield
            return
        with anyio.CancelScope() as self._interruptible:
            yield
        self._interruptible = None

    @asynccontextmanager
    async def _interrupted(self) -> AsyncGenerator[None]:
        with self.interruptible():
            yield

    def has_moved_on(self) -> bool:
        """Whether a known server serves the connection no more, of which it may tell nobody.

        uvicorn tells only the latest request on a connection that its peer is gone. A peer that
        sends another one while its stream is open, or upgrades the connection, is that one's.
        """
        return self.server is not None and self.server.has_moved_on()

    # What the handle calls

    def abort(self) -> None:
        """Drop the connection at once."""
        if self.server is not None:
            self.server.abort()
        if self._interruptible is not None:
            self._interruptible.cancel()

    def let_close_come_first(self) -> None:
        """Interrupt the waiting, where that holds back a close."""
        if self.server is None:
            self._close_sent = anyio.Event()
        if self._receiving is not None:
            self._receiving.cancel()

    def close_has_come(self) -> None:
        """The server has the close: wait for the peer again."""
        if self._close_sent is not None:
            self._close_sent.set()
