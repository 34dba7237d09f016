"""Backpressure: what becomes of a peer that has stopped reading, and of everybody else."""

from __future__ import annotations

from typing import Generic, TypeVar

from gatecast.errors import SlowConsumerError
from gatecast.ports.outbox import OutboxLimits
from gatecast_contracts.capabilities import Capability
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE_LAPTOP,
    BOB_LAPTOP,
    LARGE_BYTES,
    LAST,
    large_message,
)

__all__ = ["Backpressure"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)

_UNBOUNDED = 2**40


class Backpressure(Generic[TIdentity]):
    """BKP-1 and BKP-2."""

    @proves("BKP-1", limits=OutboxLimits(max_messages=8, max_bytes=_UNBOUNDED))
    async def test_a_peer_that_stops_reading_delays_nobody_else(self, rig: Rig[TIdentity]) -> None:
        before = await rig.connect(ALICE_LAPTOP)
        stalled = await rig.connect(BOB_LAPTOP)
        after = await rig.connect(ALICE_LAPTOP)
        await stalled.stall()
        for number in range(rig.flood_size):
            rig.transport.broadcast(large_message(number))
            assert await before.number() == number
            assert await after.number() == number
        rig.transport.broadcast(LAST)
        await before.sees(LAST)
        await after.sees(LAST)

    @proves(
        "BKP-2",
        needs=Capability.BACKPRESSURE,
        limits=OutboxLimits(max_messages=8, max_bytes=_UNBOUNDED),
    )
    async def test_how_many_messages_wait_is_bounded(self, rig: Rig[TIdentity]) -> None:
        await _is_dropped(rig)

    @proves(
        "BKP-2",
        needs=Capability.BACKPRESSURE,
        limits=OutboxLimits(max_messages=_UNBOUNDED, max_bytes=8 * LARGE_BYTES),
    )
    async def test_how_many_bytes_wait_is_bounded(self, rig: Rig[TIdentity]) -> None:
        await _is_dropped(rig)


async def _is_dropped(rig: Rig[TIdentity]) -> None:
    peer = await rig.connect(ALICE_LAPTOP)
    (connection,) = rig.transport.get_connections()
    await peer.stall()
    accepted = await rig.flood()
    assert rig.transport.get_connection_count() == 0, f"{len(accepted)} messages wait for the peer"
    assert [(drop.connection_id, drop.identity, type(drop.error)) for drop in rig.drops] == [
        (connection.id, connection.identity, SlowConsumerError)
    ]
    assert rig.transport.broadcast(LAST) == 0
    await peer.resume()
    numbers, closed = await peer.numbers_until_closed()
    assert numbers == accepted[: len(numbers)]
    assert closed.code == 1013, closed
