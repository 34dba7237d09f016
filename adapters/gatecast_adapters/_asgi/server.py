"""The server beneath an ASGI `send`, where it is one that we know.

Frameworks wrap `send` before an app gets it. The wrappers named here only watch for the start of a
response; once that is out, calling what lies beneath them is the same and costs less. What is not
named is left in place, and then the connection is served the general way: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from types import FunctionType, MethodType
from typing import Final, Protocol, TypeAlias, cast

from gatecast_adapters._asgi.types import Message, Send

__all__ = ["KnownServer", "Shareable", "find_known_server"]

ServerSend: TypeAlias = Callable[[Message], Coroutine[object, None, None]]

_TRANSPARENT_WRAPPERS: Final = frozenset(
    {
        (
            "starlette._exception_handler",
            "wrap_app_handling_exceptions.<locals>.wrapped_app.<locals>.sender",
        ),
        ("starlette.middleware.errors", "ServerErrorMiddleware.__call__.<locals>._send"),
        ("litestar.connection.websocket", "WebSocket.send_wrapper.<locals>.wrapped_send"),
        (
            "litestar.middleware._internal.exceptions.middleware",
            "ExceptionHandlerMiddleware.__call__.<locals>.capture_response_started",
        ),
    }
)


class Shareable(Enum):
    """The bytes on the wire that are the same for all connections of a server, and known to be."""

    NOTHING = auto()
    FRAMES = auto()
    CHUNKS = auto()


# uvicorn's `send` waits on an asyncio.Event until the socket is writable and does the rest without
# suspending; it never looks at the current task. Its deprecated `websockets` protocol does.
_WEBSOCKETS: Final = "uvicorn.protocols.websockets"
_HTTP: Final = "uvicorn.protocols.http"
_KNOWN_SERVERS: Final = {
    (f"{_WEBSOCKETS}.websockets_sansio_impl", "WebSocketsSansIOProtocol"): Shareable.FRAMES,
    (f"{_WEBSOCKETS}.wsproto_impl", "WSProtocol"): Shareable.NOTHING,
    (f"{_HTTP}.httptools_impl", "RequestResponseCycle"): Shareable.CHUNKS,
    (f"{_HTTP}.h11_impl", "RequestResponseCycle"): Shareable.NOTHING,
}


class _Transport(Protocol):
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...
    def get_protocol(self) -> object: ...


class _HasTransport(Protocol):
    @property
    def transport(self) -> _Transport: ...


@dataclass(frozen=True, slots=True)
class KnownServer:
    """One connection of a server whose `send` may be run by hand on its event loop's thread."""

    send: ServerSend
    shareable: Shareable
    connection: _HasTransport
    protocol: object
    """What its socket served when it was found."""

    def has_moved_on(self) -> bool:
        """Whether its socket is closing, or serves something else by now."""
        transport = self.connection.transport
        return transport.is_closing() or transport.get_protocol() is not self.protocol

    def abort(self) -> None:
        """Drop the connection at once, with whatever is still buffered for the peer."""
        # One of asyncio's that was closed, and has sent the rest since, stumbles over a late abort.
        with suppress(AttributeError):
            self.connection.transport.abort()


def find_known_server(send: Send) -> KnownServer | None:
    """The server that `send` ends at; `None` if it, or anything in between, is not known."""
    innermost: object = send
    while isinstance(innermost, FunctionType):
        if (innermost.__module__, innermost.__qualname__) not in _TRANSPARENT_WRAPPERS:
            return None
        innermost = _closed_over_send(innermost)
    if not isinstance(innermost, MethodType):
        return None
    connection: object = innermost.__self__
    cls = type(connection)
    shareable = _KNOWN_SERVERS.get((cls.__module__, cls.__name__))
    if shareable is None:
        return None
    # The two tables above are the reason: both are known to be so of these classes.
    server = cast(_HasTransport, connection)
    protocol = server.transport.get_protocol()
    return KnownServer(cast(ServerSend, innermost), shareable, server, protocol)


def _closed_over_send(wrapper: FunctionType) -> object:
    cells = dict(zip(wrapper.__code__.co_freevars, wrapper.__closure__ or (), strict=True))
    return cells["send"].cell_contents if "send" in cells else None
