"""Sockets from the request for one to its end, the same for every server.

An adapter says how its server is answered. Who is refused, when a connection is registered, what is
read from it, and that it is forgotten however it ends, stands here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from gatecast.connections.admission import Admission
from gatecast.connections.connection import Connection
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidLimitError
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast_adapters._incoming import OnMessage, answer
from gatecast_adapters._origin import OriginPolicy
from gatecast_adapters._refusal import GOING_AWAY, ORIGIN_NOT_ALLOWED, Refusal
from gatecast_adapters.event_loop import call_later

__all__ = ["ServedHandle", "SocketSettings", "Sockets"]


class ServedHandle(Protocol):
    """A handle of a socket, with what serving it takes."""

    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        ...

    def close(self, ending: Ending) -> None:
        """As `ConnectionHandle.close`."""
        ...

    def served(self) -> AbstractAsyncContextManager[None]:
        """Serve the connection within this: it ends when the peer has not taken its close."""
        ...

    def answering(self) -> AbstractContextManager[None]:
        """Answer a message within this: it is cancelled when the peer has not taken its close."""
        ...

    async def receive(self) -> str | bytes | None:
        """Wait for the next message of the peer; `None` once the connection is gone."""
        ...

    def release(self) -> None:
        """The connection is no longer served: let go of everything."""
        ...

    @property
    def departure(self) -> Ending:
        """How the peer left, once it has."""
        ...


THandle = TypeVar("THandle", bound=ServedHandle)
TIdentity = TypeVar("TIdentity")


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """What a socket may do. Raises `InvalidLimitError` for a limit that lets nothing through."""

    allowed_origins: Collection[str]
    idle_timeout: float | None
    """Seconds after which a peer that has sent no message is closed."""
    max_message_bytes: int | None = None
    """The largest message taken from a peer; `None` where the server sees to that."""

    def __post_init__(self) -> None:
        if self.idle_timeout is not None and not self.idle_timeout > 0:
            raise InvalidLimitError("idle_timeout", self.idle_timeout)
        if self.max_message_bytes is not None and not self.max_message_bytes >= 1:
            raise InvalidLimitError("max_message_bytes", self.max_message_bytes)


class Sockets(Generic[THandle, TIdentity]):
    """Serves the sockets of one transport."""

    def __init__(
        self, transport: ConnectionTransport[THandle, TIdentity], settings: SocketSettings
    ) -> None:
        self._transport = transport
        self._adapter = transport.adapter
        self._settings = settings
        self._origins = OriginPolicy(settings.allowed_origins)

    def refusal(self, headers: Mapping[str, str]) -> Refusal | None:
        """Why a request with `headers` is refused before anyone is identified; `None` to go on."""
        if not self._origins.allows(headers):
            return ORIGIN_NOT_ALLOWED
        return GOING_AWAY if self._adapter.is_draining else None

    def admit(self) -> Admission[TIdentity]:
        """Open the admission that a peer is identified within (REV-6)."""
        return self._adapter.admit()

    async def serve(
        self,
        handle: THandle,
        identity: TIdentity,
        admission: Admission[TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> None:
        """Serve an open connection whose peer is identified, to its end."""
        async with self.serving(handle):
            await self.converse(handle, identity, admission, on_message)

    @asynccontextmanager
    async def serving(self, handle: THandle) -> AsyncGenerator[None]:
        """Register and read an open connection within this; it ends when the connection is gone.

        However that comes about, the connection is out of the registry then. What was raised within
        is raised again, after a close with 1011.
        """
        failure: Exception | None = None
        try:
            async with handle.served():
                try:
                    yield
                except Exception as error:  # noqa: BLE001  # Whatever it is, it is raised below.
                    failure = error
                    self._adapter.end(handle, Ending.FAILED)
                finally:
                    self._adapter.left(handle, handle.departure)
                while await handle.receive() is not None:
                    pass  # Read on, or the server would not see the peer's close.
        finally:
            handle.release()
        if failure is not None:
            raise failure

    async def converse(
        self,
        handle: THandle,
        identity: TIdentity,
        admission: Admission[TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> None:
        """Register a connection, or close it, and answer what it sends until it ends."""
        connection = self._adapter.let_in(handle, identity, admission)
        # A connection that was closed by us is read on, or its peer's close would not be seen.
        while (message := await self._receive(handle)) is not None:
            if connection is not None and connection.live:
                await self._take(message, connection, on_message)

    async def _receive(self, handle: THandle) -> str | bytes | None:
        """What the peer sends next; a peer that is silent for too long is closed."""
        if self._settings.idle_timeout is None:
            return await handle.receive()
        end = partial(self._adapter.end, handle, Ending.IDLE)
        cancel = call_later(self._settings.idle_timeout, end)
        try:
            return await handle.receive()
        finally:
            cancel()

    async def _take(
        self,
        message: str | bytes,
        connection: Connection[THandle, TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> None:
        most = self._settings.max_message_bytes
        if isinstance(message, bytes):
            self._adapter.end(connection.handle, Ending.TEXT_ONLY)
        elif most is not None and len(message.encode()) > most:
            self._adapter.end(connection.handle, Ending.TOO_BIG)
        else:
            with connection.handle.answering():
                await answer(self._transport, connection, message, on_message)
