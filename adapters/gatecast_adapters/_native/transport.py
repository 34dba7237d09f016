"""The transport that both native adapters build on: from an identified socket to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from typing_extensions import Unpack

from gatecast.close_codes import CloseCode
from gatecast.connections.admission import Admission
from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidLimitError
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Host
from gatecast_adapters._incoming import OnMessage, answer
from gatecast_adapters._native.handle import Delivery, NativeHandle
from gatecast_adapters._origin import OriginPolicy
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames, text_frames

__all__ = ["NativeTransport"]

THandle = TypeVar("THandle", bound=NativeHandle)
TIdentity = TypeVar("TIdentity")


class NativeTransport(ConnectionTransport[THandle, TIdentity]):
    """WebSocket connections of a server that runs on asyncio itself."""

    def __init__(
        self,
        transport_name: str,
        *,
        limits: OutboxLimits | None,
        close_timeout: float,
        idle_timeout: float | None,
        allowed_origins: Collection[str],
        host: Host,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, host=host, **options)
        if idle_timeout is not None and not idle_timeout > 0:
            raise InvalidLimitError("idle_timeout", idle_timeout)
        self._idle_timeout = idle_timeout
        self._origins = OriginPolicy(allowed_origins)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns: Turns[TextFrames] = Turns(text_frames)
        self._delivery = Delivery(limits or OutboxLimits(), close_timeout, self.drop_connection)

    def _current_turns(self) -> Turns[TextFrames]:
        """The turns of the event loop that is running, which may be another one by now."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._turns = loop, Turns(text_frames)
        return self._turns

    @asynccontextmanager
    async def _serving(self, handle: THandle) -> AsyncGenerator[None]:
        """Identify, register and read an open connection within this.

        However that ends, it is out of the registry then; and this ends when the connection is
        gone, or given up. What was raised within is raised again, after a close with 1011.
        """
        failure: Exception | None = None
        try:
            async with handle.served():
                try:
                    yield
                except Exception as error:  # noqa: BLE001  # Whatever it is, it is raised below.
                    handle.close(CloseCode.INTERNAL_ERROR, "Internal error")
                    failure = error
                finally:
                    self.remove_connection(handle)
                while await handle.receive() is not None:
                    pass  # Read on, or the server would not see the peer's close.
        except TimeoutError:
            pass  # The peer has not taken its close in time.
        finally:
            handle.release()
        if failure is not None:
            raise failure

    async def _converse(
        self,
        handle: THandle,
        identity: TIdentity,
        admission: Admission[TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> None:
        """Register a connection, or close it, and answer what it sends until it ends."""
        connection = self.let_in(handle, identity, admission)
        while connection is not None and (message := await self._receive(handle)) is not None:
            if not connection.live:
                return
            if isinstance(message, bytes):
                self.close_connection(
                    connection.id, code=CloseCode.UNSUPPORTED_DATA, reason="Text frames only"
                )
            else:
                await answer(self, connection, message, on_message)

    async def _receive(self, handle: THandle) -> str | bytes | None:
        """What the peer sends next; one that is silent for too long is closed."""
        if self._idle_timeout is None:
            return await handle.receive()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._idle_timeout):
                return await handle.receive()
        self.remove_connection(handle)
        handle.close(CloseCode.SERVER_HEARTBEAT_TIMEOUT, "Idle")
        return None
