"""Revocation: exactly the revoked connections are cut off, at once and for good."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar, cast, runtime_checkable

from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast_contracts.capabilities import Capability
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle, failing
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE,
    ALICE_DAEMON,
    ALICE_LAPTOP,
    ALICE_PHONE,
    ALICE_SCRIPT,
    BOB,
    BOB_LAPTOP,
    BOB_SCRIPT,
    LAST,
    ROOMY,
    message,
    session_of,
    token_of,
)

__all__ = ["Revocation"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)

_REVOKED = (4001, "Session revoked")


@runtime_checkable
class _RevokesApiTokens(Protocol):
    # No part of ContractTransport: for identities without an API token the verb is a type error.
    def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int: ...


def _close_for_token(transport: object, api_token_id: ApiTokenId) -> int:
    assert isinstance(transport, _RevokesApiTokens), f"{transport!r} can't revoke API tokens"
    return transport.close_sockets_for_token(api_token_id)


class Revocation(Generic[TIdentity]):
    """REV-1 to REV-5, REV-7 and REV-9."""

    @proves("REV-1")
    async def test_revoking_a_session_closes_its_connections_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop, tab = await rig.connect(ALICE_LAPTOP), await rig.connect(ALICE_LAPTOP)
        phone, bob = await rig.connect(ALICE_PHONE), await rig.connect(BOB_LAPTOP)
        assert rig.transport.close_sockets_for_session(TokenHash("unknown")) == 0
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 2
        await laptop.sees_close(*_REVOKED)
        await tab.sees_close(*_REVOKED)
        assert rig.transport.broadcast(LAST) == 2
        await phone.sees(LAST)
        await bob.sees(LAST)

    @proves("REV-1")
    async def test_revoking_an_account_closes_its_connections_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop, phone = await rig.connect(ALICE_LAPTOP), await rig.connect(ALICE_PHONE)
        bob = await rig.connect(BOB_LAPTOP)
        assert rig.transport.close_sockets_for_account(ALICE) == 2
        await laptop.sees_close(*_REVOKED)
        await phone.sees_close(*_REVOKED)
        assert rig.transport.broadcast(LAST) == 1
        await bob.sees(LAST)

    @proves("REV-1", needs=Capability.SESSIONLESS)
    async def test_revoking_an_api_token_closes_its_connections_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        script, laptop = await rig.connect(ALICE_SCRIPT), await rig.connect(ALICE_LAPTOP)
        bob = await rig.connect(BOB_SCRIPT)
        assert _close_for_token(rig.transport, token_of(ALICE_SCRIPT)) == 1
        await script.sees_close(*_REVOKED)
        assert rig.transport.broadcast(LAST) == 2
        await laptop.sees(LAST)
        await bob.sees(LAST)

    @proves("REV-2")
    async def test_a_revoked_connection_receives_nothing_more(self, rig: Rig[TIdentity]) -> None:
        alice, bob = await rig.connect(ALICE_LAPTOP), await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast(message(1))
        await alice.sees(message(1))
        rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
        rig.transport.broadcast(message(2))
        rig.transport.broadcast(LAST)
        await bob.sees(message(1), message(2), LAST)
        await alice.sees_end()

    @proves("REV-2")
    async def test_a_revocation_overtakes_a_broadcast_that_is_under_way(
        self, rig: Rig[TIdentity]
    ) -> None:
        def revoke_bob() -> None:
            rig.transport.close_sockets_for_account(BOB)

        alice = await rig.connect(ALICE_LAPTOP)
        rig.register(ScriptedHandle(on_send=revoke_bob), ALICE_PHONE)
        bob = await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast(LAST)
        await alice.sees(LAST)
        await bob.sees_end()

    @proves(
        "REV-2",
        needs=Capability.BACKPRESSURE,
        limits=ROOMY,
    )
    async def test_a_revocation_overtakes_what_waits_for_a_stalled_peer(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        await peer.stall()
        accepted = await rig.flood()
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 1
        await peer.resume()
        numbers, _ = await peer.numbers_until_closed()
        assert len(numbers) < len(accepted)
        assert numbers == accepted[: len(numbers)]

    @proves("REV-3")
    async def test_a_revoked_connection_matches_nothing_any_more(self, rig: Rig[TIdentity]) -> None:
        handle = ScriptedHandle()
        rig.register(handle, ALICE_LAPTOP)
        await rig.connect(ALICE_LAPTOP)
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 2
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 0
        assert rig.transport.close_sockets_for_account(ALICE) == 0
        assert rig.transport.close_where(lambda _: True) == 0
        assert rig.transport.send_to_account(ALICE, message(1)) == 0
        assert rig.transport.get_connections() == []
        assert (len(handle.closes), len(handle.sent)) == (1, 0)

    @proves("REV-4")
    async def test_none_as_a_key_closes_nobody(self, rig: Rig[TIdentity]) -> None:
        # What a caller without a type checker may well pass: the column of the row was empty.
        no_session, no_token = cast(TokenHash, None), cast(ApiTokenId, None)
        peer = await rig.connect(ALICE_LAPTOP)
        assert rig.transport.close_sockets_for_session(no_session) == 0
        assert rig.transport.close_sockets_for_account(cast(AccountId, None)) == 0
        assert _close_for_token(rig.transport, no_token) == 0
        assert rig.transport.broadcast(LAST) == 1
        await peer.sees(LAST)

    @proves("REV-4", needs=Capability.SESSIONLESS)
    async def test_a_connection_without_session_and_token_is_closed_by_account_only(
        self, rig: Rig[TIdentity]
    ) -> None:
        daemon, laptop = await rig.connect(ALICE_DAEMON), await rig.connect(ALICE_LAPTOP)
        assert rig.transport.close_sockets_for_session(cast(TokenHash, None)) == 0
        assert _close_for_token(rig.transport, cast(ApiTokenId, None)) == 0
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 1
        await laptop.sees_end()
        rig.transport.broadcast(LAST)
        await daemon.sees(LAST)
        assert rig.transport.close_sockets_for_account(ALICE) == 1
        await daemon.sees_end()

    @proves("REV-5")
    async def test_every_connection_is_closed_whatever_one_of_them_raises(
        self, rig: Rig[TIdentity]
    ) -> None:
        failures = [ScriptedHandle(on_close=failing(RuntimeError("close"))) for _ in range(2)]
        first = await rig.connect(ALICE_LAPTOP)
        for handle in failures:
            rig.register(handle, ALICE_LAPTOP)
        last = await rig.connect(ALICE_LAPTOP)
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 4
        await first.sees_end()
        await last.sees_end()
        assert [len(handle.closes) for handle in failures] == [1, 1]
        assert rig.transport.get_connection_count() == 0

    @proves(
        "REV-7",
        needs=Capability.GIVING_UP,
        limits=ROOMY,
        close_timeout=0.1,
    )
    async def test_a_revoked_peer_that_has_stopped_reading_is_given_up(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer, visit = await rig.visit(ALICE_LAPTOP)
        await rig.until(
            lambda: rig.transport.get_connection_count() == 1, "the peer to be registered"
        )
        await peer.stall()
        accepted = await rig.flood()
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 1
        await rig.until(lambda: not visit.is_served(), "the task of the stalled peer to end")
        await peer.resume()
        numbers, _ = await peer.numbers_until_closed()
        assert numbers == accepted[: len(numbers)]

    @proves("REV-9")
    async def test_a_rotated_credential_is_closed_by_the_new_key_only(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        (connection,) = rig.transport.get_connections()
        connection_id, new_identity = connection.id, rig.make_identity(ALICE_PHONE)
        assert rig.transport.rotate_identity(connection_id, new_identity) is True
        (connection,) = rig.transport.get_connections()
        assert (connection.id, connection.identity) == (connection_id, new_identity)
        assert rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP)) == 0
        rig.transport.broadcast(LAST)
        await peer.sees(LAST)
        assert rig.transport.close_sockets_for_session(session_of(ALICE_PHONE)) == 1
        await peer.sees_end()
