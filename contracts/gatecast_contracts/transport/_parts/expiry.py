"""Expiry: a credential that ends by itself takes its connection with it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final, Generic, TypeVar

from gatecast.identity.types import ConnectionIdentity
from gatecast_contracts.capabilities import Capability
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE,
    ALICE_LAPTOP,
    BOB_LAPTOP,
    LAST,
    message,
    session_of,
)

__all__ = ["Expiry"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)

_EXPIRED: Final = (4001, "Credential expired")
_SOON: Final = 0.05
_LATER: Final = 3600.0


class Expiry(Generic[TIdentity]):
    """REV-8. No test depends on how long it takes to connect."""

    @proves("REV-8", needs=Capability.EXPIRY)
    async def test_a_peer_is_closed_when_its_credential_expires(self, rig: Rig[TIdentity]) -> None:
        bob = await rig.connect(BOB_LAPTOP)
        # Not `connect`: it may be over before we have seen that it was registered.
        alice, _ = await rig.visit(_expiring(ALICE_LAPTOP, _SOON))
        await alice.sees_close(*_EXPIRED)
        assert rig.transport.broadcast(LAST) == 1
        await bob.sees(LAST)

    @proves("REV-8", needs=Capability.EXPIRY)
    async def test_a_credential_that_has_expired_is_refused(self, rig: Rig[TIdentity]) -> None:
        peer, _ = await rig.visit(_expiring(ALICE_LAPTOP, -1.0))
        await peer.sees_close(*_EXPIRED)
        assert rig.transport.get_connection_count() == 0

    @proves("REV-8", needs=Capability.EXPIRY)
    async def test_an_expired_connection_matches_nothing_any_more(
        self, rig: Rig[TIdentity]
    ) -> None:
        handle = ScriptedHandle()
        rig.register(handle, _expiring(ALICE_LAPTOP, _SOON))
        await rig.until(lambda: bool(handle.closes), "the credential to expire")
        assert rig.transport.send_to_account(ALICE, message(1)) == 0
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 0
        assert rig.transport.get_connection_count() == 0
        assert (handle.closes, handle.sent) == ([_EXPIRED], [])

    @proves("REV-8", needs=Capability.EXPIRY)
    async def test_a_rotated_credential_ends_when_the_new_one_does(
        self, rig: Rig[TIdentity]
    ) -> None:
        alice = await rig.connect(_expiring(ALICE_LAPTOP, _LATER))
        bob = await rig.connect(_expiring(BOB_LAPTOP, _LATER))
        # Once Bob's second credential has ended, Alice's would have ended as well. A busy machine
        # must not take so long over these lines that Alice's does end.
        _rotate(rig, _expiring(ALICE_LAPTOP, 4 * _SOON))
        _rotate(rig, _expiring(BOB_LAPTOP, 4 * _SOON))
        _rotate(rig, _expiring(ALICE_LAPTOP, _LATER))
        await bob.sees_close(*_EXPIRED)
        assert rig.transport.broadcast(LAST) == 1
        await alice.sees(LAST)


def _expiring(who: ConnectionIdentity, seconds: float) -> ConnectionIdentity:
    return replace(who, expires_at=time.time() + seconds)


def _rotate(rig: Rig[TIdentity], who: ConnectionIdentity) -> None:
    (connection_id,) = (
        connection.id
        for connection in rig.transport.get_connections()
        if connection.identity.account_id == who.account_id
    )
    assert rig.transport.rotate_identity(connection_id, rig.make_identity(who)) is True
