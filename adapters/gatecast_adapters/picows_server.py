"""WebSocket connections of a picows server. Extra: `gatecast[picows]`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeAlias

from typing_extensions import TypeVar, Unpack

from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import OutboxLimits
from gatecast.ports.runtime import Runtime
from gatecast_adapters._extras import requires_extra
from gatecast_adapters._incoming import Incoming, OnMessage
from gatecast_adapters._life import HandleSettings
from gatecast_adapters._native.turns import CurrentTurns
from gatecast_adapters._refusal import Refusal
from gatecast_adapters._sockets import Sockets, SocketSettings
from gatecast_adapters.event_loop import RUNTIME

with requires_extra("picows"):
    from picows import (
        WSTransport,
        WSUpgradeRequest,
        WSUpgradeResponse,
        WSUpgradeResponseWithListener,
    )

    from gatecast_adapters._native.picows_connection import PicowsHandle, PicowsListener

__all__ = ["Identify", "Incoming", "OnMessage", "PicowsHandle", "PicowsServerTransport"]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)

Identify: TypeAlias = Callable[[WSUpgradeRequest], Awaitable[TIdentity | None]]
"""Says who asks for a connection; `None` refuses it with 1008. It is called after the upgrade,
since picows does not wait before it: a peer that is refused sees that close and no HTTP status."""

_logger = logging.getLogger("gatecast")


class PicowsServerTransport(ConnectionTransport[PicowsHandle, TIdentity]):
    """The connections of a picows server.

        transport = PicowsServerTransport()

        server = await ws_create_server(
            lambda request: transport.serve(request, identify=identify), "localhost", 8000
        )

    Pings and the largest frame taken from a peer are the server's: see the arguments of
    `picows.ws_create_server`. There is no compression, whatever a client offers.

    Args:
        transport_name: unique among the transports of an app.
        limits: how much may wait for one connection beyond the write buffer of its socket (BKP-2).
        close_timeout: seconds that a peer has to take its close, above zero (REV-7).
        max_message_bytes: the largest message taken from a peer; a larger one closes with 1009.
        idle_timeout: seconds after which a peer that has sent no message is closed with 4003, above
            zero; by default silence is no fault, and the server's own pings tell who is gone.
        allowed_origins: pages that may connect beside those of the same origin; `"*"` for all.
        options: those of every transport, see `TransportOptions`.
    """

    def __init__(
        self,
        *,
        transport_name: str = "picows",
        limits: OutboxLimits | None = None,
        close_timeout: float = 5.0,
        max_message_bytes: int = 1024 * 1024,
        idle_timeout: float | None = None,
        allowed_origins: Collection[str] = (),
        runtime: Runtime = RUNTIME,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, runtime=runtime, **options)
        self.__adapter = self.adapter
        self.__sockets: Sockets[PicowsHandle, TIdentity] = Sockets(
            self, SocketSettings(allowed_origins, idle_timeout, max_message_bytes)
        )
        self.__settings = HandleSettings(
            limits or OutboxLimits(), close_timeout, self.__adapter.failed
        )
        self.__turns = CurrentTurns()
        self.__max_message_bytes = max_message_bytes
        # The event loop holds tasks weakly.
        self.__tasks: set[asyncio.Task[None]] = set()

    def serve(
        self,
        request: WSUpgradeRequest,
        *,
        identify: Identify[TIdentity],
        on_message: OnMessage[TIdentity] | None = None,
        subprotocol: str | None = None,
    ) -> WSUpgradeResponseWithListener:
        """The answer to one request for a connection: return it from the listener factory.

        The origin is checked, and a foreign one gets 403. After the upgrade the peer is identified
        and registered, and what it sends goes to `on_message`. A peer that is refused is closed
        with 1008, and a credential that is revoked meanwhile with 4001 (REV-6). What `identify` and
        `on_message` raise is logged, after a close with 1011.
        """
        refusal = self.__sockets.refusal(request.headers)
        if refusal is not None:
            return self.__refuse(refusal)
        listener = PicowsListener(
            partial(self.__connect, identify, on_message),
            self.__adapter,
            self.__max_message_bytes,
        )
        headers = {} if subprotocol is None else {"Sec-WebSocket-Protocol": subprotocol}
        response = WSUpgradeResponse.create_101_response(headers)
        return WSUpgradeResponseWithListener(response, listener)

    def __refuse(self, refusal: Refusal) -> WSUpgradeResponseWithListener:
        self.__adapter.refused(refusal.ending, status=refusal.status)
        response = WSUpgradeResponse.create_error_response(
            refusal.status, refusal.detail.encode(), refusal.headers
        )
        return WSUpgradeResponseWithListener(response, None)

    def __connect(
        self,
        identify: Identify[TIdentity],
        on_message: OnMessage[TIdentity] | None,
        websocket: WSTransport,
    ) -> PicowsHandle:
        handle = PicowsHandle(websocket, self.__settings, self.__turns.get())
        task = asyncio.create_task(
            self.__serve_connected(handle, websocket.request, identify, on_message)
        )
        self.__tasks.add(task)
        task.add_done_callback(self.__tasks.discard)
        return handle

    async def __serve_connected(
        self,
        handle: PicowsHandle,
        request: WSUpgradeRequest,
        identify: Identify[TIdentity],
        on_message: OnMessage[TIdentity] | None,
    ) -> None:
        try:
            async with self.__sockets.serving(handle):
                with self.__sockets.admit() as admission:
                    identity = await identify(request)
                    if identity is None:
                        self.__adapter.refused(Ending.NOT_AUTHENTICATED)
                        self.__adapter.end(handle, Ending.NOT_AUTHENTICATED)
                    else:
                        await self.__sockets.converse(handle, identity, admission, on_message)
        except Exception:
            _logger.exception("serving %r failed", request.path)
        finally:
            handle.disconnect()
