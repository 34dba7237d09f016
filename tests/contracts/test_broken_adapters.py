"""The suite finds what is wrong with an adapter, and nothing else."""

import pytest

from gatecast_contracts import PROMISES, TransportContract, proofs_of
from tests.contracts.broken import (
    broadcast,
    delivery,
    endings,
    observation,
    registration,
    revocation,
)
from tests.contracts.broken.catalogue import BROKEN, Broken, failures_of
from tests.contracts.broken.choice import one_for_each_promise

MODULES = [registration, broadcast, revocation, delivery, endings, observation]


@pytest.mark.parametrize("broken", one_for_each_promise(BROKEN))
def test_a_broken_adapter_fails_exactly_the_promises_that_it_breaks(broken: Broken) -> None:
    failures = failures_of(broken)
    assert set(failures.values()) == broken.promises, failures


def test_every_promise_is_broken_by_some_adapter() -> None:
    assert {promise for broken in BROKEN for promise in broken.promises} == set(PROMISES)


@pytest.mark.all
def test_every_test_of_the_suite_fails_for_some_adapter() -> None:
    failed = {test for broken in BROKEN for test in failures_of(broken)}
    assert set(proofs_of(TransportContract)) == failed
