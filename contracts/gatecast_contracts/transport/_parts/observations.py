"""Observations: what the observer of a transport is notified of, and that it can do no harm."""

from __future__ import annotations

from typing import Generic, TypeVar

from gatecast.errors import SlowConsumerError
from gatecast.identity.index import ACCOUNT
from gatecast.messages.jsonrpc import to_json
from gatecast.ports.ending import Cause
from gatecast.ports.observer import (
    ClusterReport,
    DroppedConnection,
    Ended,
    Observation,
    Opened,
    Refused,
    Revoked,
    Sent,
)
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
    message,
)

__all__ = ["Observations"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)

_SIZE = len(to_json(message(1)).encode())


class Record:
    """The events that an observer was called with, of each kind in order."""

    def __init__(self) -> None:
        self.events: list[Observation[object]] = []

    def __call__(self, event: Observation[object]) -> None:
        self.events.append(event)

    @property
    def opened(self) -> list[Opened[object]]:
        return [event for event in self.events if isinstance(event, Opened)]

    @property
    def ended(self) -> list[Ended[object]]:
        return [event for event in self.events if isinstance(event, Ended)]

    @property
    def refused(self) -> list[Refused[object]]:
        return [event for event in self.events if isinstance(event, Refused)]

    @property
    def sent(self) -> list[Sent]:
        return [event for event in self.events if isinstance(event, Sent)]

    @property
    def dropped(self) -> list[DroppedConnection[object]]:
        return [event for event in self.events if isinstance(event, DroppedConnection)]

    @property
    def revoked(self) -> list[Revoked]:
        return [event for event in self.events if isinstance(event, Revoked)]


class Observations(Generic[TIdentity]):
    """OBS-1 and OBS-2.

    A group has one observer for each of its members: what several of them report is added up.
    """

    @proves("OBS-1")
    async def test_each_connection_that_opens_is_observed_once(self, rig: Rig[TIdentity]) -> None:
        record = rig.observer = Record()
        await rig.connect(ALICE_LAPTOP)
        await rig.connect(BOB_LAPTOP)
        opened = record.opened
        assert len(opened) == 2
        assert {each.connection_id: each.identity for each in opened} == {
            each.id: each.identity for each in rig.transport.get_connections()
        }

    @proves("OBS-1")
    async def test_a_revocation_is_observed_and_each_end_with_its_cause(
        self, rig: Rig[TIdentity]
    ) -> None:
        record = rig.observer = Record()
        await rig.connect(ALICE_LAPTOP)
        await rig.connect(ALICE_PHONE)
        ids = [rig.id_of(ALICE_LAPTOP), rig.id_of(ALICE_PHONE)]
        rig.transport.close_sockets_for_account(ALICE)
        rig.transport.close_where(lambda _: True)
        revoked = record.revoked
        assert [_closed(revoked, index) for index in (ACCOUNT.name, None)] == [2, 0]
        ended = record.ended
        assert sorted(each.connection_id for each in ended) == sorted(ids)
        assert {each.ending.cause for each in ended} == {Cause.REVOKED}

    @proves("OBS-1")
    async def test_a_peer_that_vanishes_is_observed_once(self, rig: Rig[TIdentity]) -> None:
        record = rig.observer = Record()
        peer = await rig.connect(ALICE_LAPTOP)
        connection_id = rig.id_of(ALICE_LAPTOP)
        await peer.vanish()
        await rig.until(lambda: bool(record.ended), "the end of the peer to be observed")
        (ended,) = record.ended
        assert ended.connection_id == connection_id
        assert ended.ending.is_by_peer, ended
        assert ended.seconds >= 0

    @proves("OBS-1")
    async def test_each_connection_that_is_refused_is_observed_once(
        self, rig: Rig[TIdentity]
    ) -> None:
        record = rig.observer = Record()
        await rig.knock()
        await rig.until(lambda: len(record.refused) == 1, "a refusal to be observed")
        await rig.drain(0.05)
        await rig.visit(BOB_LAPTOP)
        await rig.until(lambda: len(record.refused) == 2, "another refusal to be observed")
        causes = [each.ending.cause for each in record.refused]
        assert causes == [Cause.NOT_AUTHENTICATED, Cause.DRAINED]
        assert (record.opened, record.ended) == ([], [])

    @proves("OBS-1")
    async def test_each_message_is_observed_with_its_recipients_and_its_size(
        self, rig: Rig[TIdentity]
    ) -> None:
        record = rig.observer = Record()
        await rig.connect(ALICE_LAPTOP)
        await rig.connect(BOB_LAPTOP)
        rig.register(ScriptedHandle(on_send=failing(SlowConsumerError(1, 1))), ALICE_PHONE)
        rig.transport.broadcast(message(1))
        assert _sent(record) == (3, 2)
        rig.transport.broadcast_filtered(message(2), lambda identity: identity.account_id == ALICE)
        assert _sent(record) == (1, 1)
        rig.transport.send_to_account(ALICE, message(3))
        assert _sent(record) == (1, 1)

    @proves("OBS-1")
    async def test_each_drop_is_observed_once_with_its_error_and_its_cause(
        self, rig: Rig[TIdentity]
    ) -> None:
        record = rig.observer = Record()
        error = SlowConsumerError(1, 1)
        rig.register(ScriptedHandle(on_send=failing(error)), ALICE_LAPTOP)
        connection_id = rig.id_of(ALICE_LAPTOP)
        rig.transport.broadcast(message(1))
        (dropped,), (ended,) = record.dropped, record.ended
        assert (dropped.connection_id, dropped.error) == (connection_id, error)
        assert ended.connection_id == connection_id
        assert [each.ending.cause for each in (dropped, ended)] == [Cause.SLOW, Cause.SLOW]

    @proves("OBS-2")
    async def test_an_observer_that_raises_is_logged_and_harms_nothing(
        self, rig: Rig[TIdentity]
    ) -> None:
        rig.observer = _fail
        alice, bob = await rig.connect(ALICE_LAPTOP), await rig.connect(BOB_LAPTOP)
        assert rig.errors.records, "nothing was logged"
        slow = ScriptedHandle(on_send=failing(SlowConsumerError(1, 1)))
        rig.register(slow, ALICE_PHONE)
        rig.transport.broadcast(message(1))
        rig.transport.broadcast(LAST)
        assert (len(slow.sent), len(slow.closes)) == (1, 1)
        await alice.sees(message(1), LAST)
        await bob.sees(message(1), LAST)
        assert rig.transport.close_sockets_for_account(ALICE) == 1
        await alice.sees_end()
        stranger = await rig.knock()
        await stranger.sees_end()

    @proves("OBS-2")
    async def test_an_observer_may_call_back_and_is_called_within_no_call(
        self, rig: Rig[TIdentity]
    ) -> None:
        observing: list[str] = []
        nested: list[str] = []

        def broadcast_ends(event: Observation[TIdentity]) -> None:
            if isinstance(event, ClusterReport):
                return
            if event.transport in observing:
                nested.append(event.transport)
            observing.append(event.transport)
            if isinstance(event, Ended):
                rig.transport.broadcast(LAST)
            observing.pop()

        rig.observer = broadcast_ends
        await rig.connect(ALICE_LAPTOP)
        bob = await rig.connect(BOB_LAPTOP)
        rig.transport.close_sockets_for_account(ALICE)
        await bob.sees(LAST)
        assert nested == []


def _fail(event: object) -> None:
    raise RuntimeError(f"no counter for {type(event).__name__}")


def _closed(revoked: list[Revoked], index: str | None) -> int:
    return sum(each.closed for each in revoked if each.index == index)


def _sent(record: Record) -> tuple[int, int]:
    """How many recipients and acceptances were recorded since this was asked before."""
    sent = record.sent
    record.events.clear()
    assert {each.size for each in sent} == {_SIZE}
    return sum(each.recipients for each in sent), sum(each.accepted for each in sent)
