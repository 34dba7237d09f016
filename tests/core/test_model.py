"""Our transport and the naive one do the same, whatever is done to them and whatever calls back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gatecast.caps import Cap
from gatecast.identity import ConnectionIdentity as Identity
from tests.core.model_side import Side
from tests.core.model_strategies import (
    LIMIT,
    admitting,
    caps,
    ending,
    identities,
    lasts,
    meddling,
    passing,
    reacting_rules,
    registering,
    rotating,
    sending,
    spreading,
    stepping,
)
from tests.core.model_verbs import SLOTS, Deed
from tests.core.naive_transport import NaiveTransport


class Comparison(RuleBasedStateMachine):
    """Two transports, to which the same is done."""

    steps: ClassVar[int] = 0

    @initialize(
        caps=caps, members=st.lists(st.tuples(identities, lasts), min_size=3, max_size=SLOTS)
    )
    def begin(
        self, caps: list[Cap[Identity]], members: list[tuple[Identity, float | None]]
    ) -> None:
        self.ours = Side(
            lambda world, on_drop: world.transport(
                on_drop=on_drop, max_admission_seconds=LIMIT, caps=caps
            )
        )
        self.naive = Side(lambda world, on_drop: NaiveTransport(world.host, on_drop, LIMIT, caps))
        for slot, (identity, lasting) in enumerate(members):
            self.do(Deed("connect", (slot, identity, lasting, None)))

    def do(self, deed: Deed) -> None:
        type(self).steps += 1
        self.ours.do(deed)
        self.naive.do(deed)

    @rule(deed=registering())
    def register(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=admitting())
    def admit(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=rotating())
    def rotate(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=ending(reacting_rules))
    def end(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=sending(reacting_rules))
    def send(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=spreading(reacting_rules))
    def begin_to_spread(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=stepping)
    def step(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=passing)
    def pass_time(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=meddling)
    def meddle(self, deed: Deed) -> None:
        self.do(deed)

    @invariant()
    def nothing_can_be_told_apart(self) -> None:
        assert self.ours.observe() == self.naive.observe()

    def teardown(self) -> None:
        self.ours.give_up()
        self.naive.give_up()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What fails here fails on purpose, thousands of times."""
    logger = logging.getLogger("gatecast")
    logger.disabled = True
    yield
    logger.disabled = False


def compare(examples: int, steps: int, *, derandomize: bool = False) -> None:
    run_state_machine_as_test(
        Comparison,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomize,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_the_transport_does_what_the_naive_one_does() -> None:
    compare(examples=100, steps=50, derandomize=True)


@pytest.mark.long
def test_the_transport_does_what_the_naive_one_does_for_a_hundred_thousand_steps() -> None:
    Comparison.steps = 0
    while Comparison.steps < 100_000:
        compare(examples=200, steps=100)
