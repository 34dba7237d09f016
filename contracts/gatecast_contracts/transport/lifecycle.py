"""Lifecycle: how a connection ends, and that nothing is left of it."""

from __future__ import annotations

import gc
import weakref
from typing import TypeVar
from uuid import UUID

import anyio

from gatecast_contracts.proof import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE,
    ALICE_LAPTOP,
    BOB_LAPTOP,
    LAST,
    ROOMY,
    ephemeral,
    message,
    session_of,
)
from gatecast_contracts.transport.adapter import ContractIdentity
from gatecast_contracts.transport.contract import Contract

__all__ = ["LifecycleContract"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class LifecycleContract(Contract[TIdentity], abstract=True):
    """LIF-1 and LIF-3."""

    @proves("LIF-1")
    async def test_a_peer_that_vanishes_is_removed(self, rig: Rig[TIdentity]) -> None:
        left = await rig.connect(BOB_LAPTOP)
        peer = await rig.connect(ALICE_LAPTOP)
        await peer.vanish()
        await rig.until(
            lambda: rig.transport.get_connection_count() == 1, "the vanished peer to be removed"
        )
        assert rig.transport.send_to_account(ALICE, message(1)) == 0
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 0
        assert rig.transport.broadcast(LAST) == 1
        await left.sees(LAST)

    @proves("LIF-1", limits=ROOMY)
    async def test_a_stalled_peer_that_vanishes_is_removed(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        await peer.stall()
        await rig.flood()
        await peer.vanish()
        await rig.until(
            lambda: rig.transport.get_connection_count() == 0,
            "the stalled and vanished peer to be removed",
        )

    @proves("LIF-1")
    async def test_vanished_peers_leave_no_task(self, rig: Rig[TIdentity]) -> None:
        # One peer stays, so that what an adapter starts with its first connection is there already.
        left = await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast(LAST)
        await left.sees(LAST)
        before = len(anyio.get_running_tasks())
        for _ in range(3):
            peer = await rig.connect(ALICE_LAPTOP)
            await peer.vanish()
        await rig.until(
            lambda: len(anyio.get_running_tasks()) <= before, "the tasks of vanished peers to end"
        )

    @proves("LIF-1")
    async def test_vanished_peers_leave_no_identity(self, rig: Rig[TIdentity]) -> None:
        traces = [await _connect_and_vanish(rig, number) for number in range(3)]

        def nothing_left() -> bool:
            gc.collect()
            return all(trace() is None for trace in traces)

        await rig.until(nothing_left, "the identities of vanished peers to be released")

    @proves("LIF-3")
    async def test_a_closed_peer_is_told_code_and_reason(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        assert rig.transport.close_where(lambda _: True, code=4321, reason="Größe: 12 µm") == 1
        await peer.sees_close(4321, "Größe: 12 µm")

    @proves("LIF-3")
    async def test_a_revoked_client_does_not_come_back_by_itself(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
        await peer.sees_end()
        assert await peer.reconnect() is False
        assert rig.transport.get_connection_count() == 0


async def _connect_and_vanish(rig: Rig[TIdentity], number: int) -> weakref.ref[UUID]:
    who = ephemeral(number)
    peer = await rig.connect(who)
    rig.transport.broadcast(message(number))
    await peer.vanish()
    # An identity need not allow weak references, but the account id that it holds does.
    return weakref.ref(who.account_id)
