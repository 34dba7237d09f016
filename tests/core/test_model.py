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

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.ids import ApiTokenId, TokenHash
from gatecast.index import ACCOUNT, API_TOKEN, SESSION
from tests.core.fakes import ALICE, BOB, api_token, daemon, session
from tests.core.model_side import SLOTS, Deed, Rule, Side
from tests.core.naive_model import NaiveTransport

LIMIT = 10.0
"""Seconds that an admission may take."""

GONE = HandleClosedError()
SLOW = SlowConsumerError(waiting_messages=1, waiting_bytes=1)
BROKEN = OSError("broken")

slots = st.integers(0, SLOTS - 1)
recent = st.integers(1, 2)
"""Which of the admissions or spread broadcasts, counted from the last."""
turns = st.integers(1, 2)
tokens = st.sampled_from([TokenHash("s"), TokenHash("t"), TokenHash("nobody's")])
identities = st.sampled_from(
    [session("s"), session("t"), session("s", BOB), api_token("s"), daemon(), daemon(BOB)]
)
keys = st.sampled_from(
    [
        *((SESSION, TokenHash("s")), (SESSION, TokenHash("t")), (SESSION, None)),
        *((ACCOUNT, ALICE), (ACCOUNT, BOB), (API_TOKEN, ApiTokenId("s"))),
    ]
)
sessions = st.frozensets(st.none() | tokens, min_size=1)
rules = st.builds(Rule, sessions, tokens)


def any_of(verbs: dict[str, tuple[st.SearchStrategy[object], ...]]) -> st.SearchStrategy[Deed]:
    return st.one_of(
        [st.builds(Deed, st.just(verb), st.tuples(*each)) for verb, each in verbs.items()]
    )


def registering() -> st.SearchStrategy[Deed]:
    return any_of({"connect": (slots, identities, st.none()), "disconnect": (slots,)})


def admitting() -> st.SearchStrategy[Deed]:
    return any_of(
        {
            "admit": (),
            "connect": (slots, identities, recent),
            "rotate": (slots, identities, st.none() | recent),
        }
    )


def revoking(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Deed]:
    return any_of({"revoke": (keys,), "revoke_where": (rules,)})


def sending(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Deed]:
    return any_of(
        {
            "broadcast": (),
            "broadcast_where": (rules,),
            "send_by": (keys,),
            "begin_spread": (rules, turns),
        }
    )


reactions = st.one_of(registering(), admitting(), revoking(rules), sending(rules))
reacting_rules = st.builds(Rule, sessions, tokens, st.none() | reactions)
passing = any_of(
    {
        "step_spread": (recent,),
        "give_up_spread": (recent,),
        "end": (recent,),
        "tick": (st.sampled_from([1.0, LIMIT / 2, LIMIT]),),
    }
)
meddling = any_of(
    {
        "on_send": (slots, reactions),
        "on_close": (slots, reactions),
        "on_drop": (reactions,),
        "break_handle": (slots, st.sampled_from([GONE, SLOW, BROKEN, None])),
        "break_close": (slots, st.sampled_from([BROKEN, None])),
    }
)


class Comparison(RuleBasedStateMachine):
    """Two transports, to which the same is done."""

    steps: ClassVar[int] = 0

    @initialize(identities=st.lists(identities, max_size=SLOTS))
    def begin(self, identities: list[object]) -> None:
        self.ours = Side(
            lambda world, on_drop: world.transport(on_drop=on_drop, max_admission_seconds=LIMIT)
        )
        self.naive = Side(lambda world, on_drop: NaiveTransport(world.host, on_drop, LIMIT))
        for slot, identity in enumerate(identities):
            self.do(Deed("connect", (slot, identity, None)))

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

    @rule(deed=revoking(reacting_rules))
    def revoke(self, deed: Deed) -> None:
        self.do(deed)

    @rule(deed=sending(reacting_rules))
    def send(self, deed: Deed) -> None:
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


def compare(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Comparison,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_the_transport_does_what_the_naive_one_does() -> None:
    compare(examples=100, steps=50)


@pytest.mark.long
def test_the_transport_does_what_the_naive_one_does_for_a_hundred_thousand_steps() -> None:
    Comparison.steps = 0
    while Comparison.steps < 100_000:
        compare(examples=200, steps=100)
