import logging
from collections.abc import Callable
from uuid import uuid4

import pytest

from gatecast.connections._predicates import (
    may_be_revoked,
    select_recipients,
    select_revoked,
)
from gatecast.connections.connection import Connection
from gatecast.identity.ids import ConnectionId
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, daemon, is_alice

Member = Connection[None, ConnectionIdentity]


def members(*identities: ConnectionIdentity) -> dict[Member, ConnectionIdentity]:
    return {Connection(ConnectionId(uuid4()), None, identity): identity for identity in identities}


def failing(identity: ConnectionIdentity) -> bool:
    raise ValueError(identity.account_id)


def undecided(identity: ConnectionIdentity) -> bool:
    # An app without a type checker returns whatever it returns; 1 and "yes" are not an answer.
    return "yes"  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


IN_DOUBT = pytest.mark.parametrize("predicate", [failing, undecided])


def test_exactly_the_satisfying_are_selected_in_order() -> None:
    everyone = members(daemon(ALICE), daemon(BOB), daemon(ALICE))
    first, _, third = everyone
    alices = [first, third]
    assert select_recipients(everyone, is_alice) == alices
    assert select_revoked(everyone, is_alice) == alices


@IN_DOUBT
def test_a_message_is_not_sent_where_the_predicate_gives_no_answer(
    predicate: Predicate[ConnectionIdentity],
) -> None:
    assert select_recipients(members(daemon(), daemon()), predicate) == []


@IN_DOUBT
def test_a_connection_is_closed_where_the_predicate_gives_no_answer(
    predicate: Predicate[ConnectionIdentity],
) -> None:
    everyone = members(daemon(), daemon())
    assert select_revoked(everyone, predicate) == list(everyone)


@IN_DOUBT
def test_an_identity_may_be_revoked_where_the_predicate_gives_no_answer(
    predicate: Predicate[ConnectionIdentity], caplog: pytest.LogCaptureFixture
) -> None:
    assert may_be_revoked(predicate, daemon())
    assert "a new connection is refused" in caplog.text


def test_an_identity_may_be_revoked_exactly_if_it_satisfies_the_predicate() -> None:
    assert may_be_revoked(is_alice, daemon(ALICE))
    assert not may_be_revoked(is_alice, daemon(BOB))


def test_an_identity_in_doubt_changes_nothing_for_the_others() -> None:
    def no_bobs(identity: ConnectionIdentity) -> bool:
        if identity.account_id == BOB:
            raise ValueError("bob")
        return False

    everyone = members(daemon(ALICE), daemon(BOB))
    _, bob = everyone
    assert select_revoked(everyone, no_bobs) == [bob]
    assert select_recipients(everyone, no_bobs) == []


@pytest.mark.parametrize("select", [select_recipients, select_revoked])
def test_doubts_are_logged_once_however_many_there_are(
    select: Callable[
        [dict[Member, ConnectionIdentity], Predicate[ConnectionIdentity]], list[Member]
    ],
    caplog: pytest.LogCaptureFixture,
) -> None:
    select(members(*[daemon()] * 100), failing)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "for 100 connections" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_the_log_says_that_a_predicate_is_never_awaited(caplog: pytest.LogCaptureFixture) -> None:
    select_recipients(members(daemon()), undecided)
    assert "must return True or False, not str (it is called, never awaited)" in caplog.text
