"""The manifests and the tests hold each other to account."""

import re
from collections.abc import Mapping

import pytest

from gatecast_contracts import (
    PROMISES,
    RELAY_PROMISES,
    Contract,
    Promise,
    RelayContract,
    TransportContract,
    UnknownPromiseError,
    proofs_of,
)
from gatecast_contracts.promises import get_promise
from gatecast_contracts.relay import proves_of_relay
from gatecast_contracts.transport import proves
from tests.packages import ROOT

CONTRACTS = pytest.mark.parametrize(
    ("contract", "manifest"), [(TransportContract, PROMISES), (RelayContract, RELAY_PROMISES)]
)


@CONTRACTS
def test_every_promise_has_a_test(
    contract: type[Contract], manifest: Mapping[str, Promise]
) -> None:
    assert {proof.promise.id for proof in proofs_of(contract).values()} == set(manifest)


@CONTRACTS
def test_every_test_has_a_promise(
    contract: type[Contract], manifest: Mapping[str, Promise]
) -> None:
    tests = {name for name in dir(contract) if name.startswith("test")}
    assert tests == set(proofs_of(contract))


def test_a_test_can_not_name_a_promise_that_is_not_given() -> None:
    with pytest.raises(UnknownPromiseError, match="XYZ-1"):
        proves("XYZ-1")
    with pytest.raises(UnknownPromiseError, match="REG-1"):
        proves_of_relay("REG-1")


def test_the_design_lists_the_groups_of_promises_and_no_promise_of_a_manifest() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\* ([A-Z]{3})-\d+ ", design, re.MULTILINE)
    # The promises of a cluster are kept by one implementation, so no suite is shipped for them.
    assert set(listed) == {"CLU"}
    groups = re.findall(r"\(([A-Z]{3})\)", design)
    assert groups == list(dict.fromkeys(each[:3] for each in [*PROMISES, *RELAY_PROMISES]))


def test_a_promise_reads_as_its_id_and_its_sentence() -> None:
    assert str(get_promise("BKP-1")) == "BKP-1: a peer that stops reading delays nobody else"
