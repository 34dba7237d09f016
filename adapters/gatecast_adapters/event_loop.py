"""The event loop that is running, asyncio's or trio's, as the core and the adapters need it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Final

from gatecast.ports.runtime import (
    Event,
    Runtime,
)

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["RUNTIME", "call_later", "call_soon", "spawn"]


def call_later(seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
    """Call `callback` in `seconds`, unless what is returned here is called before."""
    trio = _running_trio()
    if trio is None:
        # In a context of its own: what a request has set there is not kept alive by a timer, and
        # does not turn up in what is logged for another connection.
        loop = asyncio.get_running_loop()
        return loop.call_later(seconds, callback, context=Context()).cancel
    scope = trio.CancelScope()

    async def wait() -> None:
        with scope:
            await trio.sleep(seconds)
            callback()

    trio.lowlevel.spawn_system_task(wait)
    cancel: Callable[[], None] = scope.cancel
    return cancel


def call_soon(callback: Callable[[], object]) -> None:
    """Call `callback` once everything that is running now has had its turn; it must not raise."""
    trio = _running_trio()
    if trio is None:
        asyncio.get_running_loop().call_soon(callback)
    else:
        trio.lowlevel.current_trio_token().run_sync_soon(callback)


def spawn(function: Callable[[], Awaitable[None]]) -> object:
    """Run `function` as a task that nobody waits for; it must not raise.

    Keep what is returned until it is done: an event loop holds its tasks weakly.
    """
    trio = _running_trio()
    if trio is None:
        return asyncio.ensure_future(function())
    task: object = trio.lowlevel.spawn_system_task(function)
    return task


async def _checkpoint() -> None:
    await _sleep(0)


async def _sleep(seconds: float) -> None:
    trio = _running_trio()
    if trio is None:
        await asyncio.sleep(seconds)
    else:
        await trio.sleep(seconds)


def _call_later_if_running(seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
    try:
        return call_later(seconds, partial(_call_in_a_task, callback))
    except RuntimeError:
        # Without an event loop nothing happens by itself, and nothing has to be prevented.
        return _nothing


def _call_in_a_task(callback: Callable[[], object]) -> None:
    # As on trio. Outside of any task anyio finds no event loop, and what the core closes may be the
    # handle of anyone's adapter, which may need one.
    if _running_trio() is not None:
        callback()
        return

    async def call() -> None:
        callback()

    asyncio.ensure_future(call())  # noqa: RUF006  # held by the loop, and done at its first step


def _clock() -> float:
    # Linux stops the clock of `time.monotonic` while a machine or its VM is suspended. A node that
    # wakes up would then not know that its lease has ended.
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def _event() -> Event:
    trio = _running_trio()
    if trio is None:
        return asyncio.Event()
    event: Event = trio.Event()
    return event


def _nothing() -> None:
    """Cancels nothing."""


def _running_trio() -> ModuleType | None:
    # Looked up rather than imported: an app without trio need not have it.
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None


RUNTIME: Final = Runtime(
    clock=_clock,
    thread_id=threading.get_ident,
    checkpoint=_checkpoint,
    sleep=_sleep,
    call_later=_call_later_if_running,
    wall_clock=time.time,
    event=_event,
)
"""What an adapter passes to the core. Nothing in it is bound to one event loop."""
