"""What groups, guards and clusters revoke by: an index that a transport may not know."""

from collections.abc import Hashable
from typing import Any, Never, TypeVar

import pytest

from gatecast.connections.member import cut_off_on_each
from gatecast.connections.recipients import Matching, Under, UnderKey
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import AdmissionRevokedError, InvalidCloseError, InvalidKeyError
from gatecast.identity.ids import AccountId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, World, daemon, session

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]

TKey = TypeVar("TKey", bound=Hashable)

ROOM = Index[ConnectionIdentity, str]("room", str, lambda _: "hall")
REVOKED = [(4001, "Session revoked")]
FRAME = Frame(HELLO)


def connect(transport: Transport, *identities: ConnectionIdentity) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in identities]
    for handle, identity in zip(handles, identities, strict=True):
        transport.add_connection(handle, identity)
    return handles


def revoke(
    transport: Transport,
    index: Index[Never, TKey],
    key: TKey,
    *,
    where: Predicate[object] | None = None,
    code: int = 4001,
    reason: str = "Session revoked",
) -> int:
    ending = Ending.revoked(code, reason)
    return transport.member.cut_off(UnderKey(index, key, where), ending).close()


def has_session(identity: object) -> bool:
    return getattr(identity, "token_hash", None) is not None


def undecided(identity: object) -> bool:
    raise LookupError("the database is away")


def test_everything_under_the_key_is_closed() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"), daemon(), session("s", BOB))
    assert revoke(transport, SESSION, TokenHash("s")) == 2
    assert [handle.closes for handle in handles] == [REVOKED, [], REVOKED]


def test_code_and_reason_may_be_given() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    assert revoke(transport, ACCOUNT, ALICE, code=4400, reason="moved") == 1
    assert handle.closes == [(4400, "moved")]


def test_an_index_that_is_not_known_matches_nothing() -> None:
    transport = World().transport()
    (handle,) = connect(transport, daemon())
    assert revoke(transport, ROOM, "hall") == 0
    assert transport.member.choose(Under(ROOM, "hall")).begin(FRAME).finish() == 0
    assert (handle.closes, handle.frames) == ([], [])


def test_none_matches_nothing() -> None:
    transport = World().transport()
    connect(transport, daemon())
    none: Any = None
    assert revoke(transport, API_TOKEN, none) == 0


def test_a_rule_chooses_among_the_matches() -> None:
    transport = World().transport()
    handles = connect(transport, session("a"), daemon(), session("b", BOB))
    assert revoke(transport, ACCOUNT, ALICE, where=has_session) == 1
    assert [handle.closes for handle in handles] == [REVOKED, [], []]


def test_where_the_rule_raises_the_connection_is_closed() -> None:
    transport = World().transport()
    handles = connect(transport, daemon(), daemon(BOB))
    assert revoke(transport, ACCOUNT, ALICE, where=undecided) == 1
    assert [handle.closes for handle in handles] == [REVOKED, []]


def test_a_revocation_by_key_and_rule_is_not_missed_by_an_open_admission() -> None:
    transport = World().transport()
    with transport.admit() as admission:
        assert revoke(transport, ACCOUNT, ALICE, where=has_session) == 0
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(FakeHandle(), session("s"), admission=admission)
        transport.add_connection(FakeHandle(), daemon(), admission=admission)
        transport.add_connection(FakeHandle(), session("s", BOB), admission=admission)
    assert transport.get_connection_count() == 2


def test_in_doubt_an_open_admission_is_refused_and_only_under_the_key() -> None:
    transport = World().transport()
    with transport.admit() as admission:
        revoke(transport, ACCOUNT, ALICE, where=undecided)
        transport.add_connection(FakeHandle(), daemon(BOB), admission=admission)
        with pytest.raises(AdmissionRevokedError):
            transport.add_connection(FakeHandle(), daemon(), admission=admission)


@pytest.mark.parametrize("where", [None, has_session])
def test_a_wrong_call_closes_nothing_and_records_nothing(where: Any) -> None:
    transport = World().transport()
    (handle,) = connect(transport, session("s"))
    wrong: Any = "alice"
    with transport.admit() as admission:
        with pytest.raises(InvalidKeyError):
            revoke(transport, ACCOUNT, AccountId(wrong), where=where)
        with pytest.raises(InvalidCloseError):
            revoke(transport, ACCOUNT, ALICE, where=where, code=1005)
        transport.add_connection(FakeHandle(), session("s"), admission=admission)
    assert handle.closes == []


def test_what_is_cut_off_is_reached_by_nothing_and_notified_later() -> None:
    transport = World().transport()
    handles = connect(transport, session("s"), daemon(BOB))
    member = transport.member
    cut_off = member.cut_off(UnderKey(SESSION, TokenHash("s")), Ending.REVOKED)
    other = member.cut_off(Matching(lambda identity: identity.account_id == BOB), Ending.REVOKED)
    assert transport.broadcast(HELLO) == 0
    assert [handle.closes for handle in handles] == [[], []]
    assert (cut_off.close(), other.close()) == (1, 1)
    assert [handle.closes for handle in handles] == [REVOKED, REVOKED]


class Numbered:
    """A cut-off that notes that it was closed; number 1 raises instead."""

    def __init__(self, number: int, closed: list[int]) -> None:
        self.number, self.closed = number, closed

    def close(self) -> int:
        if self.number == 1:
            raise KeyError(self.number)
        self.closed.append(self.number)
        return 1


def test_one_that_raises_in_either_half_keeps_a_close_from_none_of_the_others() -> None:
    closed: list[int] = []

    def cut_off(number: int) -> Numbered:
        if number == 3:
            raise LookupError(number)
        return Numbered(number, closed)

    together = cut_off_on_each(range(5), cut_off)
    assert closed == []
    with pytest.raises(LookupError) as caught:
        together.close()
    assert closed == [0, 2, 4]
    assert caught.value.args == (3,)
    assert caught.value.__notes__ == ["this failed as well: KeyError(1)"]


def test_an_interruption_on_one_keeps_a_close_from_none_of_the_others() -> None:
    closed: list[int] = []

    def cut_off(number: int) -> Numbered:
        if number == 2:
            raise KeyboardInterrupt
        return Numbered(number, closed)

    together = cut_off_on_each(range(4), cut_off)
    with pytest.raises(KeyboardInterrupt):
        together.close()
    assert closed == [0, 3]
