"""What the relay in memory does besides what every relay promises: its log is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gatecast.errors import (
    InvalidLimitError,
    RelayGapError,
)
from gatecast_adapters.event_loop import RUNTIME
from gatecast_adapters.in_process_relay import InProcessRelay

pytestmark = pytest.mark.anyio


async def entries_of(relay: InProcessRelay) -> tuple[bytes, ...]:
    return (await relay.read(None, wait=0)).entries


async def test_of_more_entries_than_it_keeps_the_oldest_go() -> None:
    relay = InProcessRelay(max_entries=2)
    await relay.publish(b"0")
    first = await relay.read(None, wait=0)
    await relay.publish(b"1")
    await relay.publish(b"2")
    assert await entries_of(relay) == (b"1", b"2")
    assert (await relay.read(first.position, wait=0)).entries == (b"1", b"2")
    await relay.publish(b"3")
    with pytest.raises(RelayGapError) as raised:
        await relay.read(first.position, wait=0)
    assert raised.value.position == first.position


async def test_entries_that_have_got_too_old_go_when_the_next_is_published() -> None:
    times = iter([0.0, 5.0, 10.0, 10.1])
    relay = InProcessRelay(max_age=10, runtime=replace(RUNTIME, clock=lambda: next(times)))
    for entry in (b"at 0", b"at 5", b"at 10"):
        await relay.publish(entry)
    assert await entries_of(relay) == (b"at 0", b"at 5", b"at 10")
    await relay.publish(b"at 10.1")
    assert await entries_of(relay) == (b"at 5", b"at 10", b"at 10.1")


async def test_a_read_that_has_ended_leaves_no_timer() -> None:
    timers: list[float] = []

    def call_later(seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        timers.append(seconds)
        callback()
        return timers.clear

    relay = InProcessRelay(runtime=replace(RUNTIME, call_later=call_later))
    assert (await relay.read(None, wait=1000)).entries == ()
    assert timers == []


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
@pytest.mark.parametrize("name", ["max_entries", "max_age"])
async def test_a_limit_that_would_keep_nothing_is_refused(name: str, limit: float) -> None:
    with pytest.raises(InvalidLimitError, match=name):
        InProcessRelay(**{name: limit})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
