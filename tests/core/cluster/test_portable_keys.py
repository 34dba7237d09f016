"""Keys travel as JSON and come back equal, or do not travel."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from gatecast.cluster._keys import PortableKeys
from gatecast.errors import (
    DuplicateIndexError,
    InvalidKeyError,
    UnknownIndexError,
    UnportableIndexError,
)
from gatecast.identity.ids import ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, AnyIndex, Index
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE


@dataclass(frozen=True)
class Seat:
    row: int
    place: str


class Unwritable:
    """A key type that pydantic knows nothing of."""


SHARD = Index[ConnectionIdentity, int]("shard", int, lambda identity: identity.account_id.int % 7)
RATIO = Index[ConnectionIdentity, float]("ratio", float, lambda identity: 0.5)
SEAT = Index[ConnectionIdentity, Seat]("seat", Seat, lambda identity: Seat(1, "A"))
PATH = Index[ConnectionIdentity, tuple[object, ...]]("path", tuple, lambda identity: ())


def keys(*indexes: AnyIndex[ConnectionIdentity]) -> PortableKeys[ConnectionIdentity]:
    return PortableKeys(indexes)


def test_the_keys_of_the_built_in_indexes_travel() -> None:
    known = keys()
    assert known.decode("account", known.encode(ACCOUNT, ALICE)) == (ACCOUNT, ALICE)
    assert known.decode("session", known.encode(SESSION, TokenHash("é"))) == (SESSION, "é")
    assert known.decode("api_token", known.encode(API_TOKEN, ApiTokenId("a"))) == (API_TOKEN, "a")


def test_the_keys_of_declared_indexes_travel() -> None:
    known = keys(SHARD, RATIO, SEAT)
    assert known.decode("shard", known.encode(SHARD, 3)) == (SHARD, 3)
    assert known.decode("ratio", known.encode(RATIO, 0.1)) == (RATIO, 0.1)
    assert known.decode("seat", known.encode(SEAT, Seat(2, "B"))) == (SEAT, Seat(2, "B"))


def test_an_index_may_be_declared_twice_but_two_of_one_name_may_not() -> None:
    keys(SHARD, SHARD, ACCOUNT)
    with pytest.raises(DuplicateIndexError, match="'account'"):
        keys(Index[ConnectionIdentity, UUID]("account", UUID, lambda identity: None))


def test_an_index_whose_keys_have_no_json_form_is_refused() -> None:
    odd = Index[ConnectionIdentity, Unwritable]("odd", Unwritable, lambda identity: None)
    with pytest.raises(UnportableIndexError, match="'odd' are Unwritable"):
        keys(odd)


def test_an_index_that_was_not_declared_is_refused() -> None:
    other = Index[ConnectionIdentity, int]("shard", int, lambda identity: 1)
    for known, asked in ((keys(), SHARD), (keys(SHARD), other)):
        with pytest.raises(UnknownIndexError, match="'shard'"):
            known.encode(asked, 3)
    with pytest.raises(UnknownIndexError, match="'shard'"):
        keys().decode("shard", 3)


def test_no_key_is_not_sent_to_all_nodes() -> None:
    with pytest.raises(InvalidKeyError):
        keys().encode(SESSION, None)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def test_a_key_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        keys().encode(ACCOUNT, str(ALICE))  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def test_a_key_that_json_would_change_is_refused() -> None:
    known = keys(RATIO, PATH)
    for ratio in (float("nan"), float("inf")):
        with pytest.raises(InvalidKeyError):
            known.encode(RATIO, ratio)
    with pytest.raises(InvalidKeyError):
        known.encode(PATH, (ALICE,))
    with pytest.raises(InvalidKeyError):
        known.encode(SESSION, TokenHash("\ud800"))


@pytest.mark.parametrize("encoded", ["no UUID", 1, None, [], {}])
def test_a_key_from_another_node_is_checked(encoded: str | int | None) -> None:
    with pytest.raises(ValueError, match="UUID"):
        keys().decode("account", encoded)


def test_a_key_from_another_node_that_cannot_be_looked_up_is_refused() -> None:
    unhashable = Index[ConnectionIdentity, object]("odd", list, lambda identity: None)
    with pytest.raises(InvalidKeyError):
        keys(unhashable).decode("odd", [1])
    with pytest.raises(TypeError):
        keys(PATH).decode("path", [[1]])
