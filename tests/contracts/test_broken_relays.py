"""The suite finds what is wrong with a relay, and nothing else."""

import pytest

from gatecast_contracts import RELAY_PROMISES, RelayContract, proofs_of
from tests.contracts.broken import relay_breaks, relay_publishing, relay_reading
from tests.contracts.broken.choice import one_for_each_promise
from tests.contracts.broken.relay_catalogue import (
    BROKEN_RELAYS,
    BrokenRelay,
    BrokerContract,
    failures_of,
)

MODULES = [relay_publishing, relay_reading, relay_breaks]


class TestRelayWithNothingWrong(BrokerContract):
    pass


class TestRelayWithNothingWrongOnTrio(BrokerContract):
    backend = "trio"


@pytest.mark.parametrize("broken", one_for_each_promise(BROKEN_RELAYS))
def test_a_broken_relay_fails_exactly_the_promises_that_it_breaks(broken: BrokenRelay) -> None:
    failures = failures_of(broken)
    assert set(failures.values()) == broken.promises, failures


def test_every_promise_is_broken_by_some_relay() -> None:
    broken = {promise for each in BROKEN_RELAYS for promise in each.promises}
    assert broken == set(RELAY_PROMISES)


@pytest.mark.all
def test_every_test_of_the_suite_fails_for_some_relay() -> None:
    failed = {test for broken in BROKEN_RELAYS for test in failures_of(broken)}
    assert set(proofs_of(RelayContract)) == failed
