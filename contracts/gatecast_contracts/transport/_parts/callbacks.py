"""Callbacks: predicates, sends and closes that call the transport while it is at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE_LAPTOP,
    ALICE_PHONE,
    BOB_LAPTOP,
    LAST,
    message,
    session_of,
)

__all__ = ["Callbacks"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class Callbacks(Generic[TIdentity]):
    """BRD-6."""

    @proves("BRD-6")
    async def test_a_send_may_broadcast(self, rig: Rig[TIdentity]) -> None:
        broadcast_second = _once(lambda: rig.transport.broadcast(message(2)))
        first = await rig.connect(ALICE_LAPTOP)
        handle = ScriptedHandle(on_send=broadcast_second)
        rig.register(handle, ALICE_PHONE)
        last = await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast(message(1))
        rig.transport.broadcast(LAST)
        await first.sees(message(1), message(2), LAST)
        await last.sees(message(1), message(2), LAST)
        assert len(handle.sent) == 3, handle.sent

    @proves("BRD-6")
    async def test_a_send_may_add_and_remove_connections(self, rig: Rig[TIdentity]) -> None:
        def replace_itself() -> None:
            rig.transport.remove_connection(handle)
            for _ in range(10):
                rig.register(ScriptedHandle(), ALICE_PHONE)

        first = await rig.connect(ALICE_LAPTOP)
        handle = ScriptedHandle(on_send=replace_itself)
        rig.register(handle, ALICE_PHONE)
        last = await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast(message(1))
        rig.transport.broadcast(LAST)
        await first.sees(message(1), LAST)
        await last.sees(message(1), LAST)
        assert len(handle.sent) == 1, handle.sent

    @proves("BRD-6")
    async def test_a_predicate_may_broadcast_and_revoke(self, rig: Rig[TIdentity]) -> None:
        def revoke_phone() -> None:
            rig.transport.broadcast(message(1))
            rig.transport.close_sockets_for_session(session_of(ALICE_PHONE))

        callback = _once(revoke_phone)

        def everyone(_: TIdentity) -> bool:
            callback()
            return True

        first = await rig.connect(ALICE_LAPTOP)
        phone = ScriptedHandle()
        rig.register(phone, ALICE_PHONE)
        last = await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast_filtered(message(2), everyone)
        rig.transport.broadcast(LAST)
        await first.sees(message(1), message(2), LAST)
        await last.sees(message(1), message(2), LAST)
        assert (len(phone.sent), len(phone.closes)) == (1, 1), phone.sent

    @proves("BRD-6")
    async def test_a_close_may_broadcast_and_revoke(self, rig: Rig[TIdentity]) -> None:
        def revoke_again() -> None:
            rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
            rig.transport.broadcast(message(1))

        handles = [ScriptedHandle(on_close=_once(revoke_again)) for _ in range(3)]
        for handle in handles:
            rig.register(handle, ALICE_LAPTOP)
        bob = await rig.connect(BOB_LAPTOP)
        rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
        rig.transport.broadcast(LAST)
        await bob.sees(message(1), message(1), message(1), LAST)
        assert [(len(handle.sent), len(handle.closes)) for handle in handles] == [(0, 1)] * 3


def _once(callback: Callable[[], object]) -> Callable[[], None]:
    """Something that calls back the first time only, so that callbacks come to an end."""
    callbacks = [callback]

    def call() -> None:
        if callbacks:
            callbacks.pop()()

    return call
