"""Our transport and the naive one do the same, whatever is done to them and whatever calls back."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from gatecast.connections.caps import Cap
from gatecast.identity.types import ConnectionIdentity as Identity
from tests.core.connections.model_side import Side
from tests.core.connections.model_strategies import (
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
from tests.core.connections.model_verbs import SLOTS, Deed
from tests.core.connections.naive_transport import NaiveTransport
from tests.core.state_machines import CountingMachine, run_at_length, run_briefly


class Comparison(CountingMachine):
    """Two transports, to which the same is done."""

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
        self.naive = Side(
            lambda world, on_drop: NaiveTransport(world.runtime, on_drop, LIMIT, caps)
        )
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


def test_the_transport_does_what_the_naive_one_does() -> None:
    run_briefly(Comparison, examples=100)


@pytest.mark.long
def test_the_transport_does_what_the_naive_one_does_for_a_hundred_thousand_steps() -> None:
    run_at_length(Comparison)
