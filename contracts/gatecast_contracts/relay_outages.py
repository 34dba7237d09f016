"""Outages: while the relay can't be reached it says so, and in time."""

from __future__ import annotations

from anyio import wait_all_tasks_blocked

from gatecast_contracts._checks import alongside
from gatecast_contracts._relay_rig import RelayRig
from gatecast_contracts._relay_user import SHORT
from gatecast_contracts.capabilities import RelayCapability
from gatecast_contracts.relay_contract import BaseRelayContract, proves_of_relay

__all__ = ["RelayOutageContract"]


class RelayOutageContract(BaseRelayContract, abstract=True):
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
        async with alongside(user.read_is_refused(position, wait=0.5)):
            await wait_all_tasks_blocked()
            await rig.log.cut_off()

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
