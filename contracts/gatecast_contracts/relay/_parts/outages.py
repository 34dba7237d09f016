"""Outages: while the relay can't be reached it says so, and in time."""

from __future__ import annotations

from anyio import Event, wait_all_tasks_blocked

from gatecast.errors import RelayUnavailableError
from gatecast.ports.relay import Position
from gatecast_contracts._checks import alongside
from gatecast_contracts.capabilities import RelayCapability
from gatecast_contracts.relay._proving import proves_of_relay
from gatecast_contracts.relay._rig import RelayRig
from gatecast_contracts.relay._user import SHORT, RelayUser

__all__ = ["Outages"]

_WAIT = 0.5
"""Seconds for something to happen while a read waits."""


class Outages:
    """RLY-9."""

    @proves_of_relay("RLY-9", needs=RelayCapability.OUTAGE)
    async def test_both_verbs_say_that_the_relay_can_not_be_reached(self, rig: RelayRig) -> None:
        user = await rig.connect()
        await user.publish(b"first")
        position = await user.sees(None, b"first")
        await rig.log.cut_off()
        for wait in (0, SHORT):
            await user.is_refused(position, wait=wait)

    @proves_of_relay("RLY-9", needs=RelayCapability.OUTAGE)
    async def test_a_read_that_waits_says_that_the_relay_can_not_be_reached_any_more(
        self, rig: RelayRig
    ) -> None:
        user = await rig.connect()
        await user.publish(b"first")
        position = await user.sees(None, b"first")
        cut_off = Event()
        async with alongside(_is_refused_in_the_end(user, position, cut_off)):
            await wait_all_tasks_blocked()
            await rig.log.cut_off()
            cut_off.set()

    @proves_of_relay("RLY-9", needs=RelayCapability.OUTAGE)
    async def test_everything_goes_on_once_the_relay_is_back(self, rig: RelayRig) -> None:
        writer, reader = await rig.connect(), await rig.connect()
        await writer.publish(b"first")
        position = await reader.sees(None, b"first")
        await writer.publish(b"second")
        await rig.log.cut_off()
        await writer.is_refused(position, wait=SHORT)
        await reader.is_refused(position, wait=SHORT)
        await rig.log.restore()
        await writer.publish_when_back(b"third")
        batch = await reader.read_when_back(position)
        # What was refused may be in the log all the same, once or more than once, or not.
        found = [entry for entry in batch.entries if entry != b"refused"]
        assert found[:1] == [b"second"]
        assert b"third" in await reader.entries_until(b"third")


async def _is_refused_in_the_end(
    user: RelayUser, position: Position | None, cut_off: Event
) -> None:
    __tracebackhide__ = True
    try:
        batch = await user.read(position, wait=_WAIT)
    except RelayUnavailableError:
        return
    # It may have ended before the relay was cut off, and then the next one tells.
    assert batch.entries == (), f"nobody has published {batch.entries}"
    await cut_off.wait()
    await user.read_is_refused(position, wait=SHORT)
