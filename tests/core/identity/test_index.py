from dataclasses import dataclass
from uuid import UUID

import pytest

from gatecast.errors import InvalidKeyError
from gatecast.identity.ids import AccountId
from gatecast.identity.index import ACCOUNT, API_TOKEN, BUILT_IN, SESSION, Index
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, api_token, daemon, session


@dataclass(frozen=True)
class Device:
    serial: str | None
    tags: tuple[object, ...] = ()


SERIAL = Index[Device, str]("serial", str, lambda device: device.serial)
TAGS = Index[Device, tuple[object, ...]]("tags", tuple, lambda device: device.tags)


def test_the_built_in_indexes_take_their_keys_from_an_identity() -> None:
    assert ACCOUNT.key_of(daemon(ALICE)) == ALICE
    assert SESSION.key_of(session("s")) == "s"
    assert API_TOKEN.key_of(api_token("t")) == "t"


def test_a_daemon_has_neither_a_session_nor_an_api_token() -> None:
    assert SESSION.key_of(daemon()) is None
    assert API_TOKEN.key_of(daemon()) is None


def test_an_identity_without_the_attributes_has_no_built_in_key() -> None:
    assert [index.key_of(Device("a")) for index in BUILT_IN] == [None, None, None]


def test_an_app_declares_an_index_of_its_own() -> None:
    assert SERIAL.key_of(Device("a")) == "a"
    assert SERIAL.key_of(Device(None)) is None


def test_a_key_of_another_type_is_refused_rather_than_never_found() -> None:
    alice = AccountId(str(ALICE))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(InvalidKeyError) as raised:
        ACCOUNT.key_of(ConnectionIdentity(alice))
    assert (raised.value.index, raised.value.expected) == ("account", UUID)
    assert raised.value.key == str(ALICE)


def test_a_key_without_a_hash_is_refused() -> None:
    assert TAGS.key_of(Device("a", ("x", "y"))) == ("x", "y")
    with pytest.raises(TypeError, match="unhashable"):
        TAGS.key_of(Device("a", (["x"],)))


def test_two_indexes_of_one_name_are_different_indexes() -> None:
    again = Index[Device, str]("serial", str, lambda device: device.serial)
    assert again != SERIAL
