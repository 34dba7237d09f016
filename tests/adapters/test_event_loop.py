"""What the core is given of the real world."""

import asyncio
import sys
import time

import anyio
import pytest

from gatecast.ports.runtime import CallLater
from gatecast_adapters.event_loop import (
    RUNTIME,
    call_later,
)

pytestmark = pytest.mark.anyio


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no such clock")
async def test_the_clock_goes_on_while_the_machine_is_suspended() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= RUNTIME.clock() <= time.clock_gettime(time.CLOCK_BOOTTIME)


async def test_an_event_lets_those_go_on_that_wait_for_it() -> None:
    event = RUNTIME.event()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(event.wait)
            await RUNTIME.checkpoint()
            event.set()
        await event.wait()


@pytest.mark.parametrize(
    ("set_timer", "in_a_task"), [(call_later, False), (RUNTIME.call_later, True)]
)
async def test_a_timer_of_an_adapter_starts_no_task_and_one_of_the_core_does(
    set_timer: CallLater, in_a_task: bool
) -> None:
    rang = asyncio.Event()
    tasks: list[asyncio.Task[None] | None] = []

    def ring() -> None:
        tasks.append(asyncio.current_task())
        rang.set()

    set_timer(0, ring)
    with anyio.fail_after(5):
        await rang.wait()
    assert [task is not None for task in tasks] == [in_a_task]
