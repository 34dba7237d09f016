"""Publishing: what is in the log, in which order, and from when on."""

from __future__ import annotations

import anyio

from gatecast_contracts.relay._proving import proves_of_relay
from gatecast_contracts.relay._rig import RelayRig
from gatecast_contracts.relay._user import SHORT, RelayUser, entries_of

__all__ = ["Publishing"]

_HUGE = bytes(range(256)) * (8 * 1024 * 1024 // 256)


class Publishing:
    """RLY-1, RLY-4 and RLY-7."""

    @proves_of_relay("RLY-1")
    async def test_entries_are_read_in_the_order_of_the_calls_also_where_they_overlap(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        # The large ones first, which take longer.
        entries = [b"%d " % number + b"." * 4000 * (20 - number) for number in range(21)]
        await writer.publish_at_once(*entries)
        await writer.publish(b"one", b"after", b"another")
        await reader.sees(None, *entries, b"one", b"after", b"another")

    @proves_of_relay("RLY-1")
    async def test_all_readers_see_the_entries_of_all_writers_in_one_order(
        self, rig: RelayRig
    ) -> None:
        users = [await rig.connect() for _ in range(3)]
        written = [[b"%d of writer %d" % (n, writer) for n in range(20)] for writer in range(2)]
        async with anyio.create_task_group() as writers:
            for user, entries in zip(users, written, strict=False):
                writers.start_soon(_publish_by_turns, user, entries)
        logs = [await _entries_seen_by(user, 40) for user in users]
        assert logs[0] == logs[1] == logs[2]
        for writer, entries in enumerate(written):
            assert [each for each in logs[0] if each.endswith(b"%d" % writer)] == entries

    @proves_of_relay("RLY-4")
    async def test_a_read_after_publish_has_returned_finds_the_entry_at_once(
        self, rig: RelayRig
    ) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        start = await reader.read(None, wait=SHORT)
        assert start.entries == ()
        await writer.publish(b"first")
        position = await reader.finds(start.position, b"first")
        await writer.publish(b"second")
        await reader.finds(position, b"second")
        await reader.finds(start.position, b"first", b"second")

    @proves_of_relay("RLY-4")
    async def test_a_reader_that_starts_later_finds_everything(self, rig: RelayRig) -> None:
        writer = await rig.connect()
        await writer.publish(b"first", b"second")
        latecomer = await rig.connect()
        await latecomer.finds(None, b"first", b"second")

    @proves_of_relay("RLY-4")
    async def test_a_reader_that_starts_later_begins_with_the_oldest_that_is_kept(
        self, rig: RelayRig
    ) -> None:
        writer = await rig.connect()
        await writer.publish(b"first", b"second", b"third")
        await rig.log.drop_oldest(1)
        latecomer = await rig.connect()
        await latecomer.finds(None, b"second", b"third")

    @proves_of_relay("RLY-7")
    async def test_an_entry_may_be_empty(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        await writer.publish(b"")
        position = await reader.sees(None, b"")
        await writer.publish(b"not empty", b"")
        await reader.sees(position, b"not empty", b"")

    @proves_of_relay("RLY-7")
    async def test_an_entry_may_be_any_bytes(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        # No UTF-8, line ends of protocols, what a decoder would strip, numbers, and all values.
        entries = [b"\xff\xfe\x00", b"\r\n$-1\r\n", b" \t\n", b"\xef\xbb\xbfBOM", b"0", b"-1"]
        entries += [bytes(range(256)), *(bytes([value]) for value in range(0, 256, 15))]
        await writer.publish(*entries)
        await reader.sees(None, *entries)

    @proves_of_relay("RLY-7")
    async def test_an_entry_may_be_huge(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        await writer.publish(b"before", _HUGE, b"after")
        await reader.sees(None, b"before", _HUGE, b"after")


async def _publish_by_turns(user: RelayUser, entries: list[bytes]) -> None:
    for start in range(0, len(entries), 5):
        await user.publish_at_once(*entries[start : start + 5])


async def _entries_seen_by(user: RelayUser, count: int) -> list[bytes]:
    return entries_of(await user.read_all(None, count))
