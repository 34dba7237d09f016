"""Draining: an orderly end for all connections before a server stops."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from gatecast_contracts._checks import alongside
from gatecast_contracts.capabilities import Capability
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import ALICE_LAPTOP, BOB_LAPTOP, LAST, ROOMY

__all__ = ["Draining"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)

_GOING_AWAY: Final = (1001, "Going away")
_SHORT: Final = 0.05
_LONG: Final = 40.0


class Draining(Generic[TIdentity]):
    """LIF-2."""

    @proves("LIF-2")
    async def test_draining_refuses_newcomers(self, rig: Rig[TIdentity]) -> None:
        assert await rig.drain(_SHORT) == 0
        newcomer, _ = await rig.visit(BOB_LAPTOP)
        end = await newcomer.sees_end()
        # Either closed as everybody else is, or refused before it was connected.
        assert end.code in {1001, 1006}, end
        assert rig.transport.get_connection_count() == 0

    @proves("LIF-2")
    async def test_draining_closes_everybody_after_what_was_sent(self, rig: Rig[TIdentity]) -> None:
        alice, bob = await rig.connect(ALICE_LAPTOP), await rig.connect(BOB_LAPTOP)
        assert rig.transport.broadcast(LAST) == 2
        assert await rig.drain(_SHORT) == 2
        for peer in (alice, bob):
            await peer.sees(LAST)
            await peer.sees_close(*_GOING_AWAY)

    @proves("LIF-2", limits=ROOMY)
    async def test_draining_waits_for_a_peer_that_reads_on(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        await peer.stall()
        accepted = await rig.flood()
        async with alongside(rig.transport.drain(deadline=_LONG)):
            await peer.resume()
            numbers, end = await peer.numbers_until_closed()
        assert sorted(numbers) == accepted
        assert (end.code, end.reason) == _GOING_AWAY

    @proves("LIF-2", needs=Capability.BACKPRESSURE, limits=ROOMY)
    async def test_draining_gives_up_what_still_waits_at_the_deadline(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        await peer.stall()
        accepted = await rig.flood()
        assert await rig.drain(_SHORT) == 1
        assert rig.transport.get_connection_count() == 0
        await peer.resume()
        numbers, _ = await peer.numbers_until_closed()
        assert len(numbers) < len(accepted)
        assert numbers == accepted[: len(numbers)]
