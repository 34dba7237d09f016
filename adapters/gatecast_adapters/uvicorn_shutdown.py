"""Draining before uvicorn shuts down. Extra: `gatecast[uvicorn]`.

By itself uvicorn closes every WebSocket with 1012 and waits for streams that nobody ends, before an
app hears of it: the shutdown half of its lifespan comes last. The two hooks of this module drain
transports first. Use `draining` in the lifespan of an app, however uvicorn was started, or
`DrainingServer` in a program that starts uvicorn itself.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from types import FrameType
from typing import Final, Protocol, TypeAlias

from typing_extensions import override

from gatecast.errors import InvalidLimitError
from gatecast_adapters._extras import requires_extra

with requires_extra("uvicorn"):
    import uvicorn
    from uvicorn.server import HANDLED_SIGNALS

__all__ = ["Drainable", "DrainingServer", "draining"]

# As often as uvicorn itself looks whether it has to hurry.
_POLL_SECONDS: Final = 0.1

_logger = logging.getLogger("gatecast")

_SignalHandler: TypeAlias = Callable[[int, FrameType | None], object] | int


class Drainable(Protocol):
    """A transport, or anything else that has connections to end."""

    async def drain(self, *, deadline: float) -> object:
        """Refuse newcomers and end what is connected, within `deadline` seconds (LIF-2)."""
        ...


@asynccontextmanager
async def draining(*transports: Drainable, deadline: float = 10.0) -> AsyncGenerator[None]:
    """Drain `transports` on SIGTERM and SIGINT, before uvicorn's shutdown begins.

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            async with draining(sockets, streams):
                yield

    The signal is held back until all are drained, side by side, and then raised again for the
    handler that was there before. The same signal once more is not held back, so a second Ctrl+C
    still means now. The handlers are put back in the end.

    `deadline` is in seconds, for all of them together. Raises `InvalidLimitError` if it is not
    above zero. Signals reach the main thread only: on any other this does nothing, and
    `DrainingServer` does it.
    """
    _check(deadline)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hook = _SignalHook(transports, deadline)
    hook.install()
    try:
        yield
    finally:
        hook.remove()


class DrainingServer(uvicorn.Server):
    """A uvicorn server that drains transports before it shuts down, whatever made it do so.

        DrainingServer(uvicorn.Config(app), sockets, streams).run()

    It runs in any thread. `deadline` is in seconds, for all transports together; a second Ctrl+C
    ends the wait. Raises `InvalidLimitError` if `deadline` is not above zero.
    """

    def __init__(
        self, config: uvicorn.Config, *transports: Drainable, deadline: float = 10.0
    ) -> None:
        super().__init__(config)
        _check(deadline)
        self._transports = transports
        self._deadline = deadline

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drained = asyncio.create_task(_drain_all(self._transports, self._deadline))
        while not drained.done() and not self.force_exit:
            await asyncio.wait([drained], timeout=_POLL_SECONDS)
        drained.cancel()
        await super().shutdown(sockets)


class _SignalHook:
    """Stands in front of the signal handlers that it finds, until it has drained `transports`."""

    def __init__(self, transports: Collection[Drainable], deadline: float) -> None:
        self._transports = transports
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._previous: dict[int, _SignalHandler] = {}
        self._held: list[int] = []
        self._task: asyncio.Task[None] | None = None

    def install(self) -> None:
        for signum in HANDLED_SIGNALS:
            handler = signal.getsignal(signum)
            if handler is not None:  # What was not installed from Python can't be put back.
                self._previous[signum] = handler
                signal.signal(signum, self._hold)

    def remove(self) -> None:
        self._restore()
        if self._task is not None:
            self._task.cancel()

    def _hold(self, signum: int, frame: FrameType | None) -> None:
        if signum in self._held:
            self._pass_on(signum)
            return
        # Another one is no second request: Ctrl+C reaches a worker as SIGINT from the terminal and
        # as SIGTERM from its supervisor.
        self._held.append(signum)
        if self._held == [signum]:
            self._loop.call_soon_threadsafe(self._start)

    def _start(self) -> None:
        self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        await _drain_all(self._transports, self._deadline)
        if self._previous:
            self._pass_on(self._held[0])

    def _pass_on(self, signum: int) -> None:
        self._restore()
        signal.raise_signal(signum)

    def _restore(self) -> None:
        while self._previous:
            signal.signal(*self._previous.popitem())


async def _drain_all(transports: Collection[Drainable], deadline: float) -> None:
    """Drain `transports` side by side; one that fails is logged and stops no other."""
    draining = [transport.drain(deadline=deadline) for transport in transports]
    for outcome in await asyncio.gather(*draining, return_exceptions=True):
        if isinstance(outcome, Exception):
            _logger.error("a transport could not be drained", exc_info=outcome)


def _check(deadline: float) -> None:
    if not deadline > 0:
        raise InvalidLimitError("deadline", deadline)
