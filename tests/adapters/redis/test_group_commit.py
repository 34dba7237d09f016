"""Many small writes as few large ones, where the writes go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import anyio
import pytest

from gatecast_adapters._redis.group_commit import GroupCommit
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio


class Disk:
    """Takes what is written, as long as it is open."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.began = asyncio.Event()
        self.open = asyncio.Event()

    async def write(self, entries: Sequence[bytes]) -> None:
        self.groups.append(list(entries))
        self.began.set()
        await self.open.wait()


async def test_what_a_write_raises_goes_to_everybody_in_its_group_and_to_nobody_else() -> None:
    async def write(entries: Sequence[bytes]) -> None:
        await asyncio.sleep(0)  # Meanwhile the others come.
        if b"bad" in entries:
            raise ZeroDivisionError

    commit = GroupCommit(write, max_entries=2, timeout=PATIENCE)
    entries = [b"good", b"bad", b"good", b"good"]  # The first one is alone.
    with anyio.fail_after(PATIENCE):
        results = await asyncio.gather(*map(commit.add, entries), return_exceptions=True)
    failed = [isinstance(result, ZeroDivisionError) for result in results]
    assert failed == [False, True, True, False]


async def test_what_came_during_a_write_that_fails_is_written_after_it() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, max_entries=2, timeout=PATIENCE)
    first = asyncio.create_task(commit.add(b"first"))
    await disk.began.wait()
    second = asyncio.create_task(commit.add(b"second"))
    await asyncio.sleep(0)
    first.cancel()
    disk.open.set()
    third = asyncio.create_task(commit.add(b"third"))
    with anyio.fail_after(PATIENCE):
        await asyncio.gather(second, third)
    assert disk.groups == [[b"first"], [b"second", b"third"]]


async def test_a_write_that_hangs_is_given_up_when_nobody_is_left_who_waits_for_it() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, max_entries=2, timeout=0.01)
    first = asyncio.create_task(commit.add(b"first"))
    await disk.began.wait()
    second = asyncio.create_task(commit.add(b"second"))
    await asyncio.sleep(0)
    first.cancel()
    with anyio.fail_after(PATIENCE), pytest.raises(TimeoutError):
        await second
    disk.open.set()
    with anyio.fail_after(PATIENCE):
        await commit.add(b"third")


@pytest.mark.parametrize("steps", range(4))
async def test_a_writer_that_was_cancelled_is_replaced(steps: int) -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, max_entries=2, timeout=PATIENCE)
    before = asyncio.all_tasks()
    first = asyncio.create_task(commit.add(b"first"))
    for _ in range(steps):
        await asyncio.sleep(0)
    # As `asyncio.run` does with every task when it ends.
    for task in asyncio.all_tasks() - before:
        task.cancel()
    await asyncio.gather(first, return_exceptions=True)
    disk.open.set()
    with anyio.fail_after(PATIENCE):
        await commit.add(b"second")
    assert disk.groups[-1] == [b"second"]
