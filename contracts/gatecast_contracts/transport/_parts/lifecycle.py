"""Lifecycle: how a connection ends, and that nothing is left of it."""

from __future__ import annotations

import gc
import weakref
from typing import Generic, TypeVar
from uuid import UUID

import anyio

from gatecast.errors import SlowConsumerError
from gatecast.ports.ending import Cause
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle, failing
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE,
    ALICE_LAPTOP,
    ALICE_PHONE,
    BOB_LAPTOP,
    LAST,
    ROOMY,
    ephemeral,
    message,
    session_of,
)

__all__ = ["Lifecycle"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class Lifecycle(Generic[TIdentity]):
    """LIF-1, LIF-3 and LIF-4."""

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

    @proves("LIF-4")
    async def test_a_handle_is_closed_with_the_cause(self, rig: Rig[TIdentity]) -> None:
        by_session, by_account, by_predicate, drained = [ScriptedHandle() for _ in range(4)]
        rig.register(by_session, ALICE_LAPTOP)
        rig.register(by_account, ALICE_PHONE)
        rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
        rig.transport.close_sockets_for_account(ALICE)
        rig.register(by_predicate, BOB_LAPTOP)
        rig.transport.close_where(lambda _: True, code=4321, reason="by rule")
        rig.register(drained, BOB_LAPTOP)
        await rig.drain(0.05)
        for handle in (by_session, by_account, by_predicate):
            assert [ending.cause for ending in handle.endings] == [Cause.REVOKED]
        assert [ending.cause for ending in drained.endings] == [Cause.DRAINED]

    @proves("LIF-4")
    async def test_a_slow_handle_is_closed_with_the_cause(self, rig: Rig[TIdentity]) -> None:
        slow = ScriptedHandle(on_send=failing(SlowConsumerError(1, 1)))
        rig.register(slow, ALICE_LAPTOP)
        rig.transport.broadcast(message(1))
        assert [ending.cause for ending in slow.endings] == [Cause.SLOW]

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
