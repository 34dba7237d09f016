"""Gaps: a reader is refused where entries are missing, and nowhere else."""

from __future__ import annotations

from anyio import Event, wait_all_tasks_blocked

from gatecast.errors import RelayGapError
from gatecast.ports.relay import Position
from gatecast_contracts._checks import alongside
from gatecast_contracts.relay._proving import proves_of_relay
from gatecast_contracts.relay._rig import RelayRig
from gatecast_contracts.relay._user import RelayUser

__all__ = ["Gaps"]

_ENTRIES = (b"0", b"1", b"2", b"3", b"4", b"5")
_WAIT = 0.5
"""Seconds for something to happen while a read waits."""


class Gaps:
    """RLY-3."""

    @proves_of_relay("RLY-3")
    async def test_entries_that_were_trimmed_before_they_were_read_are_a_gap(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        positions = await reader.sees_one_by_one(writer, None, *_ENTRIES)
        await rig.log.drop_oldest(4)
        for position in positions[1:4]:
            await reader.hits_gap(position)
            await writer.hits_gap(position)

    @proves_of_relay("RLY-3")
    async def test_entries_that_were_trimmed_after_they_were_read_are_no_gap(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        positions = await reader.sees_one_by_one(writer, None, *_ENTRIES)
        await rig.log.drop_oldest(4)
        for index in (4, 5, 6):
            await reader.sees(positions[index], *_ENTRIES[index:])
        await rig.log.drop_oldest(1)
        await writer.publish(b"6")
        await reader.sees(positions[6], b"6")

    @proves_of_relay("RLY-3")
    async def test_a_log_that_was_lost_is_a_gap(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        positions = await reader.sees_one_by_one(writer, None, *_ENTRIES)
        await rig.log.lose()
        for position in positions[1:]:
            await reader.hits_gap(position)
        await reader.sees(None)

    @proves_of_relay("RLY-3")
    async def test_a_log_that_was_lost_and_written_anew_is_a_gap(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        positions = await reader.sees_one_by_one(writer, None, *_ENTRIES)
        await rig.log.lose()
        # Fewer entries than there were, then as many and the same, then more.
        for new in (_ENTRIES[:3], _ENTRIES[3:], (b"6", b"7")):
            await writer.publish(*new)
            for position in positions[1:]:
                await reader.hits_gap(position)
        await reader.sees(None, *_ENTRIES, b"6", b"7")

    @proves_of_relay("RLY-3")
    async def test_a_log_that_is_lost_and_written_anew_while_a_read_waits_is_a_gap(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        positions = await reader.sees_one_by_one(writer, None, *_ENTRIES)
        written = Event()
        async with alongside(_comes_upon_a_gap(reader, positions[-1], written)):
            await wait_all_tasks_blocked()
            await rig.log.lose()
            await writer.publish(*_ENTRIES, b"6")
            written.set()

    @proves_of_relay("RLY-3")
    async def test_a_position_of_another_log_is_a_gap(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        positions = await reader.sees_one_by_one(writer, None, *_ENTRIES)
        async with rig.another_log() as other:
            foreigner = await other.connect()
            await foreigner.hits_gap(positions[3])
            await foreigner.publish(*_ENTRIES)
            for position in positions[1:]:
                await foreigner.hits_gap(position)


async def _comes_upon_a_gap(reader: RelayUser, position: Position | None, written: Event) -> None:
    __tracebackhide__ = True
    try:
        batch = await reader.read(position, wait=_WAIT)
    except RelayGapError:
        return
    # It may have ended before the log was lost, and then the next one tells.
    assert batch.entries == (), f"{batch.entries} follow a log that was lost"
    await written.wait()
    await reader.hits_gap(batch.position)
