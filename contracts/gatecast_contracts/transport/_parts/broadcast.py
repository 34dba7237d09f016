"""Broadcast: who gets a message, how often, in which order, and what is counted."""

from __future__ import annotations

from typing import Generic, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, field_serializer

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import AccountId, ConnectionId
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import INTERNAL_ERROR, JsonrpcErrorResponse, notification, request
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle, failing
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE,
    ALICE_LAPTOP,
    ALICE_PHONE,
    BOB,
    BOB_LAPTOP,
    LAST,
    ROOMY,
    message,
)

__all__ = ["Broadcast"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


def _is_alice(identity: ContractIdentity) -> bool:
    return identity.account_id == ALICE


def _is_on_a_phone(identity: ContractIdentity) -> bool:
    return identity.token_hash == ALICE_PHONE.token_hash


def _is_alice_and_fails_for_others(identity: ContractIdentity) -> bool:
    if identity.account_id != ALICE:
        raise LookupError(f"no rule for {identity.account_id}")
    return True


class Broadcast(Generic[TIdentity]):
    """BRD-1 to BRD-5, and BRD-7 to BRD-9."""

    @proves("BRD-1")
    async def test_a_filtered_broadcast_reaches_whom_the_predicate_picks(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop = await rig.connect(ALICE_LAPTOP)
        bob = await rig.connect(BOB_LAPTOP)
        phone = await rig.connect(ALICE_PHONE)
        assert rig.transport.broadcast_filtered(message(1), _is_alice) == 2
        assert rig.transport.broadcast_filtered(message(2), _is_on_a_phone) == 1
        assert rig.transport.broadcast_filtered(message(3), lambda _: False) == 0
        assert rig.transport.broadcast_filtered(LAST, lambda _: True) == 3
        await laptop.sees(message(1), LAST)
        await phone.sees(message(1), message(2), LAST)
        await bob.sees(LAST)

    @proves("BRD-1")
    async def test_a_predicate_is_given_each_identity_as_it_was_registered(
        self, rig: Rig[TIdentity]
    ) -> None:
        people = [ALICE_LAPTOP, ALICE_PHONE, BOB_LAPTOP]
        for who in people:
            rig.register(ScriptedHandle(), who)
        asked: list[TIdentity] = []

        def note(identity: TIdentity) -> bool:
            asked.append(identity)
            return False

        rig.transport.broadcast_filtered(message(1), note)
        assert sorted(asked, key=repr) == sorted(map(rig.make_identity, people), key=repr)

    @proves("BRD-2")
    async def test_a_message_is_serialised_once(self, rig: Rig[TIdentity]) -> None:
        peers = [await rig.connect(who) for who in (ALICE_LAPTOP, ALICE_PHONE, BOB_LAPTOP)]
        counted = _CountsItsSerialisations()
        rig.transport.broadcast(notification("contract/counted", {"counted": counted}))
        received = [await peer.receive() for peer in peers]
        assert counted.times == 1
        assert received == received[:1] * 3

    @proves("BRD-3")
    async def test_messages_arrive_in_the_order_of_the_calls(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        for number in range(0, 40, 4):
            rig.transport.broadcast(message(number))
            rig.transport.broadcast_filtered(message(number + 1), _is_alice)
            rig.transport.send_to_account(ALICE, message(number + 2))
            await rig.transport.send(message(number + 3))
        assert [await peer.number() for _ in range(40)] == list(range(40))

    @proves("BRD-3", limits=ROOMY)
    async def test_a_peer_that_paused_misses_nothing_and_gets_it_in_order(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        await peer.stall()
        accepted = await rig.flood()
        await peer.resume()
        assert [await peer.number() for _ in accepted] == accepted
        rig.transport.broadcast(LAST)
        await peer.sees(LAST)

    @proves("BRD-4")
    async def test_a_handle_that_raises_is_dropped_and_stops_nobody(
        self, rig: Rig[TIdentity]
    ) -> None:
        errors = [HandleClosedError(), SlowConsumerError(1, 1), RuntimeError("unexpected")]
        failures = [ScriptedHandle(on_send=failing(error)) for error in errors]
        first = await rig.connect(ALICE_LAPTOP)
        for handle in failures:
            rig.register(handle, ALICE_PHONE)
        last = await rig.connect(BOB_LAPTOP)
        assert rig.transport.broadcast(message(1)) == 2
        assert rig.transport.get_connection_count() == 2
        assert rig.transport.broadcast(LAST) == 2
        await first.sees(message(1), LAST)
        await last.sees(message(1), LAST)
        assert [len(handle.sent) for handle in failures] == [1, 1, 1]

    @proves("BRD-5")
    async def test_a_predicate_that_raises_withholds_the_message(self, rig: Rig[TIdentity]) -> None:
        alice = await rig.connect(ALICE_LAPTOP)
        bob = await rig.connect(BOB_LAPTOP)
        also_alice = await rig.connect(ALICE_PHONE)
        rig.transport.broadcast_filtered(message(1), _is_alice_and_fails_for_others)
        rig.transport.broadcast(LAST)
        await bob.sees(LAST)
        await alice.sees(message(1), LAST)
        await also_alice.sees(message(1), LAST)

    @proves("BRD-5")
    async def test_a_predicate_that_raises_is_logged_once_per_broadcast(
        self, rig: Rig[TIdentity]
    ) -> None:
        for _ in range(3):
            rig.register(ScriptedHandle(), BOB_LAPTOP)
        rig.transport.broadcast_filtered(message(1), _is_alice_and_fails_for_others)
        assert len(rig.errors.records) == 1, rig.errors.records
        rig.transport.broadcast_filtered(message(2), _is_alice_and_fails_for_others)
        assert len(rig.errors.records) == 2, rig.errors.records

    @proves("BRD-7")
    async def test_a_notification_reaches_everyone(self, rig: Rig[TIdentity]) -> None:
        alice, bob = await rig.connect(ALICE_LAPTOP), await rig.connect(BOB_LAPTOP)
        assert await rig.transport.send(message(1)) is None
        await alice.sees(message(1))
        await bob.sees(message(1))

    @proves("BRD-7")
    async def test_a_request_reaches_no_one_and_is_answered_with_an_error(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        for request_id in ("seven", 7):
            answer = await rig.transport.send(request("contract/request", id=request_id))
            assert isinstance(answer, JsonrpcErrorResponse)
            assert (answer.id, answer.error.code) == (request_id, INTERNAL_ERROR)
        rig.transport.broadcast(LAST)
        await peer.sees(LAST)

    @proves("BRD-8")
    async def test_a_message_to_an_account_reaches_all_its_connections_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop = await rig.connect(ALICE_LAPTOP)
        bob = await rig.connect(BOB_LAPTOP)
        phone = await rig.connect(ALICE_PHONE)
        assert rig.transport.send_to_account(ALICE, message(1)) == 2
        assert rig.transport.send_to_account(BOB, message(2)) == 1
        assert rig.transport.send_to_account(AccountId(UUID(int=0)), message(3)) == 0
        rig.transport.broadcast(LAST)
        await laptop.sees(message(1), LAST)
        await phone.sees(message(1), LAST)
        await bob.sees(message(2), LAST)

    @proves("BRD-8")
    async def test_a_message_to_an_account_looks_at_no_other_account(
        self, rig: Rig[TIdentity]
    ) -> None:
        others = [_CountsItsComparisons(int=number) for number in range(1, 51)]
        for account_id in others:
            rig.register(
                ScriptedHandle(), ConnectionIdentity(AccountId(account_id), BOB_LAPTOP.token_hash)
            )
        rig.register(ScriptedHandle(), ALICE_LAPTOP)
        assert rig.transport.send_to_account(ALICE, message(1)) == 1
        assert sum(account_id.comparisons for account_id in others) == 0

    @proves("BRD-9")
    async def test_a_broadcast_leaves_out_the_excluded_connection_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop, phone = await rig.connect(ALICE_LAPTOP), await rig.connect(ALICE_PHONE)
        bob = await rig.connect(BOB_LAPTOP)
        rig.transport.broadcast(message(1), exclude=rig.id_of(ALICE_LAPTOP))
        rig.transport.broadcast(LAST)
        await laptop.sees(LAST)
        await phone.sees(message(1), LAST)
        await bob.sees(message(1), LAST)

    @proves("BRD-9")
    async def test_a_filtered_broadcast_leaves_out_the_excluded_connection_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop, phone = await rig.connect(ALICE_LAPTOP), await rig.connect(ALICE_PHONE)
        bob = await rig.connect(BOB_LAPTOP)
        excluded, others = rig.id_of(ALICE_LAPTOP), rig.id_of(BOB_LAPTOP)
        rig.transport.broadcast_filtered(message(1), _is_alice, exclude=excluded)
        rig.transport.broadcast_filtered(message(2), _is_alice, exclude=others)
        rig.transport.broadcast(LAST)
        await laptop.sees(message(2), LAST)
        await phone.sees(message(1), message(2), LAST)
        await bob.sees(LAST)

    @proves("BRD-9")
    async def test_a_message_to_an_account_leaves_out_the_excluded_connection_and_no_other(
        self, rig: Rig[TIdentity]
    ) -> None:
        laptop, phone = await rig.connect(ALICE_LAPTOP), await rig.connect(ALICE_PHONE)
        excluded = rig.id_of(ALICE_LAPTOP)
        rig.transport.send_to_account(ALICE, message(1), exclude=excluded)
        rig.transport.broadcast(LAST)
        await laptop.sees(LAST)
        await phone.sees(message(1), LAST)

    @proves("BRD-9")
    async def test_excluding_a_connection_that_is_not_there_leaves_out_nobody(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer, unknown = await rig.connect(ALICE_LAPTOP), ConnectionId(uuid4())
        rig.transport.broadcast(message(1), exclude=unknown)
        rig.transport.broadcast_filtered(message(2), _is_alice, exclude=unknown)
        rig.transport.send_to_account(ALICE, message(3), exclude=unknown)
        await peer.sees(message(1), message(2), message(3))


class _CountsItsSerialisations(BaseModel):
    """A value that knows how often it was written out."""

    times: int = 0

    @field_serializer("times")
    def _count(self, times: int) -> int:
        self.times = times + 1
        return self.times


class _CountsItsComparisons(UUID):
    """An account id that knows how often it was compared, as a search through all would have to."""

    def __init__(self, int: int) -> None:  # noqa: A002  # UUID's own name for it
        super().__init__(int=int)
        # UUID forbids attributes to be set.
        object.__setattr__(self, "comparisons", 0)

    comparisons: int

    def __eq__(self, other: object) -> bool:
        object.__setattr__(self, "comparisons", self.comparisons + 1)
        return super().__eq__(other)

    __hash__ = UUID.__hash__
