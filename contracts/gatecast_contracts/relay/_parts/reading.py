"""Reading: from where, for how long, how much, and what becomes of a read that is cancelled."""

from __future__ import annotations

from functools import partial

import anyio
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from gatecast.ports.relay import Position, RelayBatch
from gatecast_contracts._checks import alongside
from gatecast_contracts.relay._proving import proves_of_relay
from gatecast_contracts.relay._rig import RelayRig
from gatecast_contracts.relay._user import SHORT, RelayUser, entries_of

__all__ = ["Reading"]

_FOR_LONG = 1000.0
"""Seconds that no test takes: a read that waits for so long has to end for another reason."""


class Reading:
    """RLY-2, RLY-5, RLY-6 and RLY-8."""

    @proves_of_relay("RLY-2")
    async def test_reading_on_yields_what_follows_once(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        entries = [b"0", b"1", b"2", b"3", b"3", b"3"]
        positions = await reader.sees_one_by_one(writer, None, *entries)
        for index, position in enumerate(positions):
            await reader.sees(position, *entries[index:])

    @proves_of_relay("RLY-2")
    async def test_a_position_is_valid_for_another_relay_object(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        entries = [b"0", b"1", b"2", b"3"]
        positions = await reader.sees_one_by_one(writer, None, *entries)
        another = await rig.connect()
        for index, position in enumerate(positions[1:], start=1):
            await another.sees(position, *entries[index:])

    @proves_of_relay("RLY-2")
    async def test_the_position_of_an_empty_batch_goes_on_where_the_read_began(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        start = await reader.read(None, wait=SHORT)
        await writer.publish(b"first")
        first = await reader.sees(start.position, b"first")
        empty = await reader.read(first, wait=SHORT)
        await writer.publish(b"second")
        await reader.sees(empty.position, b"second")

    @proves_of_relay("RLY-5")
    async def test_a_read_that_waits_returns_when_an_entry_comes(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        position = (await reader.read(None, wait=SHORT)).position
        for entry in (b"first", b"second"):
            batches: list[RelayBatch] = []
            async with alongside(_read_into(batches, reader, position)):
                await wait_all_tasks_blocked()
                await writer.publish(entry)
            assert batches[0].entries == (entry,)
            position = batches[0].position

    @proves_of_relay("RLY-5")
    async def test_everybody_who_waits_is_woken(self, rig: RelayRig) -> None:
        writer, reader, another = [await rig.connect() for _ in range(3)]
        batches: list[RelayBatch] = []
        async with (
            alongside(_read_into(batches, reader, None)),
            alongside(_read_into(batches, reader, None)),
            alongside(_read_into(batches, another, None)),
        ):
            await wait_all_tasks_blocked()
            await writer.publish(b"first")
        assert [batch.entries for batch in batches] == [(b"first",)] * 3

    @proves_of_relay("RLY-5")
    async def test_a_read_that_has_something_does_not_wait(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        await writer.publish(b"first", b"second")
        batch = await reader.read_promptly(None, wait=_FOR_LONG)
        assert batch.entries[:1] == (b"first",)

    @proves_of_relay("RLY-5")
    async def test_a_read_that_finds_nothing_ends_after_its_wait(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        # One that is not to wait, and one that is less than any unit that it may be rounded to.
        for wait in (0, 1e-6, SHORT):
            assert (await reader.read(None, wait=wait)).entries == ()
        await writer.publish(b"first")
        position = await reader.sees(None, b"first")
        for wait in (0, 1e-6, SHORT):
            assert (await reader.read(position, wait=wait)).entries == ()

    @proves_of_relay("RLY-6")
    async def test_a_reader_far_behind_gets_everything_in_bounded_batches(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        entries = [b"%d" % number for number in range(rig.backlog_size)]
        for start in range(0, len(entries), 64):
            await writer.publish_at_once(*entries[start : start + 64])
        batches = await reader.read_all(None, len(entries))
        found = entries_of(batches)
        assert found == entries
        assert len(batches) > 1, f"one batch held all {len(entries)} entries"

    @proves_of_relay("RLY-8")
    async def test_a_read_that_is_cancelled_while_it_waits_loses_nothing(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        await writer.publish(b"first")
        position = await reader.sees(None, b"first")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(reader.read, position, wait=_FOR_LONG))
            await wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        await reader.publish(b"second")
        await writer.publish(b"third")
        await reader.sees(position, b"second", b"third")

    @proves_of_relay("RLY-8")
    async def test_a_read_that_is_cancelled_in_the_middle_loses_nothing(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        await writer.publish(b"first", b"second")
        for steps in range(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(reader.read, None, wait=_FOR_LONG))
                for _ in range(steps):
                    await checkpoint()
                tasks.cancel_scope.cancel()
            await reader.sees(None, b"first", b"second")

    @proves_of_relay("RLY-8")
    async def test_a_publish_that_is_cancelled_takes_no_other_entry_with_it(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        others = [b"first", b"second", b"third"]
        async with anyio.create_task_group() as calls:
            cancelled = await calls.start(writer.call_publish, b"cancelled")
            for entry in others:
                await calls.start(writer.call_publish, entry)
            cancelled.cancel()
        await writer.publish(b"last")
        found = await reader.entries_until(b"last")
        assert [entry for entry in found if entry != b"cancelled"] == [*others, b"last"]


async def _read_into(
    batches: list[RelayBatch], reader: RelayUser, position: Position | None
) -> None:
    __tracebackhide__ = True
    batches.append(await reader.read_promptly(position, wait=_FOR_LONG))
