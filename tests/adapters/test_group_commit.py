"""Many small writes as few large ones, where the writes go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import anyio
import pytest

from gatecast_adapters._group_commit import GroupCommit
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio


class Disk:
    """Takes what is written, as long as it is open."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.open = asyncio.Event()

    async def write(self, entries: Sequence[bytes]) -> None:
        self.groups.append(list(entries))
        await self.open.wait()


async def test_what_a_write_raises_goes_to_everybody_in_its_group_and_to_nobody_else() -> None:
    async def write(entries: Sequence[bytes]) -> None:
        if b"bad" in entries:
            raise ZeroDivisionError

    commit = GroupCommit(write, max_entries=2)
    with anyio.fail_after(PATIENCE):
        results = await asyncio.gather(
            *(commit.add(entry) for entry in (b"good", b"bad", b"good")), return_exceptions=True
        )
    assert [type(result) for result in results] == [
        ZeroDivisionError,
        ZeroDivisionError,
        type(None),
    ]


@pytest.mark.parametrize("steps", range(4))
async def test_a_writer_that_was_cancelled_is_replaced(steps: int) -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, max_entries=2)
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
