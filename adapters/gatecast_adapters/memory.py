"""The transport without a server, for apps' own tests: what was received, and how it was closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from typing_extensions import TypeVar, Unpack

from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import HandleClosedError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessage
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import Outbox, OutboxLimits
from gatecast.ports.runtime import Runtime
from gatecast_adapters.event_loop import RUNTIME

__all__ = ["MemoryClose", "MemoryHandle", "MemoryTransport"]

TIdentity = TypeVar("TIdentity", default=ConnectionIdentity)

_GOODBYE: Final = Ending.by_app()


class MemoryClose(NamedTuple):
    """How a connection was closed."""

    code: int
    reason: str


class MemoryHandle:
    """One connection without a socket; both of its ends are this object.

    The peer reads at once, unless a test says `stall()`: then messages wait in the outbox, as they
    do for a real peer that stopped reading. `vanish()` is a peer that is gone without a word.
    """

    def __init__(
        self,
        limits: OutboxLimits | None = None,
        on_vanish: Callable[[MemoryHandle], None] | None = None,
    ) -> None:
        self.frames: list[Frame] = []
        """What the peer has read, in order, as it went out."""
        self.closed: MemoryClose | None = None
        """What the peer was notified of, once it was closed."""
        self.ending: Ending | None = None
        """Why it was closed."""
        self._outbox = Outbox(limits or OutboxLimits())
        self._on_vanish = on_vanish
        self._reading = True
        self._gone = False

    @property
    def received(self) -> list[JsonrpcMessage]:
        """The messages that the peer has read, in order."""
        return [frame.message for frame in self.frames]

    @property
    def pending(self) -> int:
        """As `FlushableHandle.pending`."""
        return len(self._outbox)

    def send(self, frame: Frame) -> None:
        """As `ConnectionHandle.send`."""
        if self._gone or self.closed is not None:
            raise HandleClosedError
        self._outbox.push(frame)
        self._read()

    def close(self, ending: Ending = _GOODBYE) -> None:
        """As `ConnectionHandle.close`."""
        self._outbox.clear()
        if self.closed is None and not self._gone:
            self.closed = MemoryClose(ending.code, ending.reason)
            self.ending = ending

    def stall(self) -> None:
        """The peer stops reading."""
        self._reading = False

    def resume(self) -> None:
        """The peer reads on, beginning with what waits."""
        self._reading = True
        self._read()

    def vanish(self) -> None:
        """The peer is gone; what waited for it is lost with it."""
        self._gone = True
        self._outbox.clear()
        if self._on_vanish is not None:
            self._on_vanish(self)

    def _read(self) -> None:
        while self._reading and len(self._outbox):
            self.frames.append(self._outbox.pop())


class MemoryTransport(ConnectionTransport[MemoryHandle, TIdentity]):
    """The same registry, revocation and broadcast as every adapter, with nothing underneath.

        transport = MemoryTransport()
        peer = transport.connect(ConnectionIdentity(account_id))
        transport.broadcast(notification("hello"))
        assert peer.received == [notification("hello")]

    `limits` bounds what waits for a stalled peer; `options` are those of `TransportOptions`.
    """

    def __init__(
        self,
        *,
        transport_name: str = "memory",
        limits: OutboxLimits | None = None,
        runtime: Runtime = RUNTIME,
        **options: Unpack[TransportOptions[TIdentity]],
    ) -> None:
        super().__init__(transport_name, runtime=runtime, **options)
        self.__limits = limits

    def connect(self, identity: TIdentity) -> MemoryHandle:
        """Register a new peer and return it. Raises as `add_connection` does."""
        handle = self.__new_handle()
        self.add_connection(handle, identity)
        return handle

    async def serve(self, *, identify: Callable[[], Awaitable[TIdentity | None]]) -> MemoryHandle:
        """Identify a new peer and register it, as a server's adapter does; return it.

        A peer that is refused is returned closed: with 1008 if `identify` returned None, and with
        the ending that fits otherwise, 4001 if the credential was revoked meanwhile (REV-6).
        """
        handle = self.__new_handle()
        with self.admit() as admission:
            identity = await identify()
            if identity is None:
                handle.close(Ending.NOT_AUTHENTICATED)
                self.adapter.refused(Ending.NOT_AUTHENTICATED)
            else:
                self.adapter.let_in(handle, identity, admission)
        return handle

    def __new_handle(self) -> MemoryHandle:
        return MemoryHandle(self.__limits, self.remove_connection)
