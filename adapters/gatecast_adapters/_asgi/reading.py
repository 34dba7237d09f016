"""The reading half of a connection of an ASGI server: waiting for the peer, and what ends that."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import anyio
from starlette.types import Message, Receive

from gatecast_adapters._asgi.server import KnownServer

__all__ = ["AsgiReading"]


class AsgiReading:
    """What the transport that serves a connection waits in, until its peer is gone or given up."""

    __slots__ = ("__weakref__", "_close_sent", "_interruptible", "_receiving", "_server")

    def __init__(self, server: KnownServer | None) -> None:
        self._server = server
        # These exist only while they are needed: most connections are idle.
        self._close_sent: anyio.Event | None = None
        self._receiving: anyio.CancelScope | None = None
        self._interruptible: anyio.CancelScope | None = None

    # What the transport that serves the connection calls

    def serving(self) -> AbstractContextManager[None]:
        """Wrap the reading of the connection in this: it ends when the peer is given up.

        A known server ends the reading by itself once the connection is aborted.
        """
        return self.interruptible() if self._server is None else nullcontext()

    def receiver(self, receive: Receive) -> Receive:
        """The same `receive`, except that a close comes first where the server is not known.

        granian sends no close while its app receives: so that is interrupted until it is sent.
        """
        return receive if self._server is not None else partial(self._receive, receive)

    async def _receive(self, receive: Receive) -> Message:
        while True:
            if self._close_sent is not None:
                await self._close_sent.wait()
            with anyio.CancelScope() as self._receiving:
                return await receive()

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """Wrap in this what an app may take long for: it is cancelled when the peer is given up."""
        if self._interruptible is not None:
            yield
            return
        with anyio.CancelScope() as self._interruptible:
            yield
        self._interruptible = None

    def has_moved_on(self) -> bool:
        """Whether a known server serves the connection no more, of which it may tell nobody.

        uvicorn tells only the latest request on a connection that its peer is gone. A peer that
        sends another one while its stream is open, or upgrades the connection, is that one's.
        """
        return self._server is not None and self._server.has_moved_on()

    def give_up(self) -> None:
        """Drop the connection at once: its peer has not taken its close in time, or is gone."""
        if self._server is not None:
            self._server.abort()
        if self._interruptible is not None:
            self._interruptible.cancel()

    # What the writing half calls

    def _let_close_come_first(self) -> None:
        if self._server is None:
            self._close_sent = anyio.Event()
        if self._receiving is not None:
            self._receiving.cancel()

    def _close_has_come(self) -> None:
        if self._close_sent is not None:
            self._close_sent.set()
