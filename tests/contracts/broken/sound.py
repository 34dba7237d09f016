"""The memory adapter with nothing wrong, in the steps that a broken one gets wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from typing_extensions import override

from gatecast import Admission, ConnectionIdentity, Ending, Observation, Observer, OutboxLimits
from gatecast_adapters.memory import MemoryHandle, MemoryTransport

__all__ = ["GOODBYE", "SoundHandle", "SoundTransport"]


GOODBYE: Final = Ending.by_app()


class SoundHandle(MemoryHandle):
    """A handle, of which one can see what its peer is about."""

    def __init__(
        self, limits: OutboxLimits | None, on_vanish: Callable[[MemoryHandle], None]
    ) -> None:
        super().__init__(limits, on_vanish)
        self.stalled = False
        self.vanished = False

    @property
    def over(self) -> bool:
        return self.closed is not None or self.vanished

    @override
    def stall(self) -> None:
        self.stalled = True
        super().stall()

    @override
    def resume(self) -> None:
        self.stalled = False
        super().resume()

    @override
    def vanish(self) -> None:
        self.vanished = True
        super().vanish()


class SoundTransport(MemoryTransport):
    """What a server's adapter does for each of its peers, one method for each step."""

    handle_type: ClassVar[type[SoundHandle]] = SoundHandle

    def __init__(
        self,
        *,
        limits: OutboxLimits | None = None,
        observer: Observer[ConnectionIdentity],
        # Any: the other options of a transport, which are handed on.
        **options: Any,
    ) -> None:
        self.app_observer = observer
        self.handle_limits = limits
        super().__init__(observer=self.observe, **options)

    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        self.app_observer(event)

    @override
    async def serve(
        self, *, identify: Callable[[], Awaitable[ConnectionIdentity | None]]
    ) -> SoundHandle:
        handle = self.handle_type(self.handle_limits, self.forget)
        with self.adapter.admit() as admission:
            identity = await identify()
            if identity is None:
                handle.close(Ending.NOT_AUTHENTICATED)
                self.adapter.refused(Ending.NOT_AUTHENTICATED)
            else:
                self.let_in(handle, identity, admission)
        return handle

    def let_in(
        self,
        handle: SoundHandle,
        identity: ConnectionIdentity,
        admission: Admission[ConnectionIdentity],
    ) -> None:
        self.adapter.let_in(handle, identity, admission)

    def forget(self, handle: MemoryHandle) -> None:
        self.adapter.left(handle)
