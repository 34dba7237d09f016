"""The manifest and the tests hold each other to account."""

import re

import pytest

from gatecast_contracts import PROMISES, TransportContract
from gatecast_contracts.promises import UnknownPromiseError, get_promise
from gatecast_contracts.proof import proofs_of, proves
from tests.packages import ROOT

PROOFS = proofs_of(TransportContract)


def test_every_promise_has_a_test() -> None:
    assert {proof.promise.id for proof in PROOFS.values()} == set(PROMISES)


def test_every_test_has_a_promise() -> None:
    tests = {name for name in dir(TransportContract) if name.startswith("test")}
    assert tests == set(PROOFS)


def test_a_test_can_not_name_a_promise_that_is_not_given() -> None:
    with pytest.raises(UnknownPromiseError, match="XYZ-1"):
        proves("XYZ-1")


def test_the_manifest_is_the_list_in_the_design() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\* ([A-Z]{3}-\d+) ", design, re.MULTILINE)
    assert listed == list(PROMISES)


def test_a_promise_reads_as_its_id_and_its_sentence() -> None:
    assert str(get_promise("BKP-1")) == "BKP-1: a peer that stops reading delays nobody else"
