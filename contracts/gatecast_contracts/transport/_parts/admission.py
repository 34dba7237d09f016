"""Admission: a revocation that lands while a credential is being checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE,
    ALICE_LAPTOP,
    ALICE_PHONE,
    BOB,
    LAST,
    session_of,
)

__all__ = ["Admission"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class Admission(Generic[TIdentity]):
    """REV-6."""

    @proves("REV-6")
    async def test_a_session_revoked_while_it_is_checked_is_refused(
        self, rig: Rig[TIdentity]
    ) -> None:
        session = session_of(ALICE_LAPTOP)
        await _is_refused(rig, lambda: rig.transport.close_sockets_for_session(session))

    @proves("REV-6")
    async def test_an_account_revoked_while_it_is_checked_is_refused(
        self, rig: Rig[TIdentity]
    ) -> None:
        await _is_refused(rig, lambda: rig.transport.close_sockets_for_account(ALICE))

    @proves("REV-6")
    async def test_a_connection_revoked_by_predicate_while_it_is_checked_is_refused(
        self, rig: Rig[TIdentity]
    ) -> None:
        await _is_refused(
            rig, lambda: rig.transport.close_where(lambda identity: identity.account_id == ALICE)
        )

    @proves("REV-6")
    async def test_revoking_somebody_else_meanwhile_refuses_nobody(
        self, rig: Rig[TIdentity]
    ) -> None:
        def revoke_others() -> None:
            rig.transport.close_sockets_for_account(BOB)
            rig.transport.close_sockets_for_session(session_of(ALICE_PHONE))

        rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
        peer = await rig.connect(ALICE_LAPTOP, revoke_others)
        assert rig.transport.broadcast(LAST) == 1
        await peer.sees(LAST)


async def _is_refused(rig: Rig[TIdentity], revoke: Callable[[], int]) -> None:
    closed: list[int] = []
    peer, _ = await rig.visit(ALICE_LAPTOP, lambda: closed.append(revoke()))
    end = await peer.sees_end()
    assert end.code == 4001, end
    assert closed == [0]
    assert rig.transport.get_connection_count() == 0
