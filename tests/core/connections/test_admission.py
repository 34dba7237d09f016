from collections.abc import Hashable

import pytest

from gatecast.connections.admission import Admissions
from gatecast.errors import (
    AdmissionExpiredError,
    AdmissionRevokedError,
    InvalidKeyError,
    InvalidLimitError,
)
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, AnyIndex
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, World, api_token, daemon, is_alice, session

LIMIT = 60.0


def admissions(world: World | None = None) -> Admissions[ConnectionIdentity]:
    clock = (world or World()).runtime.clock
    return Admissions((ACCOUNT, SESSION, API_TOKEN), clock, LIMIT)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_a_limit_that_admits_nobody_is_refused(limit: float) -> None:
    with pytest.raises(InvalidLimitError) as raised:
        Admissions[ConnectionIdentity]((), World().runtime.clock, limit)
    assert raised.value.name == "max_admission_seconds"


def test_an_identity_that_nothing_revoked_is_admitted() -> None:
    opened = admissions()
    with opened.begin() as admission:
        opened.record_key(SESSION, "other")
        opened.record_key(ACCOUNT, BOB)
        opened.record_predicate(lambda identity: identity.account_id == BOB)
        opened.check(admission, session("s"))


@pytest.mark.parametrize(
    ("identity", "index", "key"),
    [(session("s"), SESSION, "s"), (api_token("t"), API_TOKEN, "t"), (daemon(), ACCOUNT, ALICE)],
    ids=["session", "api token", "account"],
)
def test_a_key_revoked_since_the_admission_began_refuses(
    identity: ConnectionIdentity, index: AnyIndex[ConnectionIdentity], key: Hashable
) -> None:
    opened = admissions()
    with opened.begin() as admission:
        opened.record_key(index, key)
        with pytest.raises(AdmissionRevokedError):
            opened.check(admission, identity)


def test_a_predicate_revoked_since_the_admission_began_refuses() -> None:
    opened = admissions()
    with opened.begin() as admission:
        opened.record_predicate(is_alice)
        opened.check(admission, daemon(BOB))
        with pytest.raises(AdmissionRevokedError):
            opened.check(admission, daemon(ALICE))


def test_what_was_revoked_before_an_admission_began_does_not_refuse_it() -> None:
    opened = admissions()
    with opened.begin():
        opened.record_key(SESSION, "s")
        opened.record_predicate(is_alice)
        with opened.begin() as later:
            opened.check(later, session("s"))


def test_a_key_that_is_revoked_again_counts_as_revoked_now() -> None:
    opened = admissions()
    with opened.begin():
        opened.record_key(SESSION, "s")
        with opened.begin() as later:
            opened.record_key(SESSION, "s")
            with pytest.raises(AdmissionRevokedError):
                opened.check(later, session("s"))


def test_none_is_never_revoked() -> None:
    opened = admissions()
    with opened.begin() as admission:
        opened.record_key(SESSION, None)
        opened.check(admission, daemon())
        assert opened.remembered == 0


def test_a_key_of_the_wrong_type_is_refused() -> None:
    opened = admissions()
    bad = ConnectionIdentity("alice")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with opened.begin() as admission, pytest.raises(InvalidKeyError):
        opened.check(admission, bad)


def test_nothing_is_remembered_while_no_admission_is_open() -> None:
    opened = admissions()
    opened.record_key(SESSION, "s")
    opened.record_predicate(is_alice)
    assert opened.remembered == 0


def test_what_is_remembered_ends_with_the_oldest_admission_that_it_concerns() -> None:
    opened = admissions()
    first = opened.begin()
    opened.record_key(SESSION, "a")
    opened.record_predicate(is_alice)
    second = opened.begin()
    opened.record_key(SESSION, "b")
    opened.record_predicate(is_alice)
    assert opened.remembered == 4
    first.end()
    assert opened.remembered == 2
    second.end()
    assert opened.remembered == 0


def test_a_key_is_remembered_once_however_often_it_is_revoked() -> None:
    opened = admissions()
    with opened.begin():
        for _ in range(1000):
            opened.record_key(SESSION, "s")
        assert opened.remembered == 1


def test_a_key_that_is_revoked_again_does_not_keep_others_remembered() -> None:
    opened = admissions()
    first = opened.begin()
    opened.record_key(SESSION, "a")
    opened.record_key(SESSION, "b")
    with opened.begin():
        opened.record_key(SESSION, "a")
        first.end()
        assert opened.remembered == 1


def test_ending_a_younger_admission_forgets_nothing() -> None:
    opened = admissions()
    with opened.begin() as older:
        with opened.begin():
            opened.record_key(SESSION, "s")
        with pytest.raises(AdmissionRevokedError):
            opened.check(older, session("s"))


def test_an_admission_that_has_ended_admits_nobody() -> None:
    opened = admissions()
    with opened.begin() as admission:
        opened.check(admission, daemon())
    with pytest.raises(AdmissionExpiredError):
        opened.check(admission, daemon())
    admission.end()
    assert not opened.any_open()


def test_an_admission_of_another_transport_admits_nobody() -> None:
    with admissions().begin() as foreign, pytest.raises(AdmissionExpiredError):
        admissions().check(foreign, daemon())


def test_an_admission_older_than_the_limit_admits_nobody_and_is_forgotten() -> None:
    world = World()
    opened = admissions(world)
    admission = opened.begin()
    opened.record_key(SESSION, "s")
    world.now += LIMIT - 1
    opened.check(admission, daemon())
    world.now += 1
    assert not opened.any_open()
    assert opened.remembered == 0
    with pytest.raises(AdmissionExpiredError):
        opened.check(admission, daemon())


def test_only_what_is_overdue_is_given_up() -> None:
    world = World()
    opened = admissions(world)
    overdue = opened.begin()
    world.now += LIMIT / 2
    opened.record_key(SESSION, "s")
    young = opened.begin()
    world.now += LIMIT / 2
    opened.check(young, session("s"))
    with pytest.raises(AdmissionExpiredError):
        opened.check(overdue, daemon())
    assert opened.remembered == 0


def test_a_revocation_by_a_predicate_that_is_being_asked_is_not_missed() -> None:
    opened = admissions()

    def revokes_a_session(identity: ConnectionIdentity) -> bool:
        opened.record_key(SESSION, "s")
        return False

    def revokes_alice(identity: ConnectionIdentity) -> bool:
        opened.record_predicate(is_alice)
        return False

    for predicate in (revokes_a_session, revokes_alice):
        with opened.begin() as admission:
            opened.record_predicate(predicate)
            with pytest.raises(AdmissionRevokedError):
                opened.check(admission, session("s"))


def test_a_predicate_that_ends_the_admission_leaves_nobody_admitted() -> None:
    opened = admissions()
    admission = opened.begin()

    def ends_it(identity: ConnectionIdentity) -> bool:
        admission.end()
        return False

    opened.record_predicate(ends_it)
    opened.record_key(SESSION, "s")
    with pytest.raises(AdmissionExpiredError):
        opened.check(admission, session("s"))
