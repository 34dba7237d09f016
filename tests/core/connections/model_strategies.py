"""What may be done to the transports in `test_model`, as strategies."""

from __future__ import annotations

from hypothesis import strategies as st

from gatecast.connections.caps import Cap
from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, BUILT_IN, SESSION
from tests.core.connections.model_verbs import SLOTS, Deed, Rule
from tests.core.fakes import ALICE, BOB, api_token, daemon, session

LIMIT = 10.0
"""Seconds that an admission may take."""

GONE = HandleClosedError()
SLOW = SlowConsumerError(waiting_messages=1, waiting_bytes=1)
BROKEN = OSError("broken")

slots = st.integers(0, SLOTS - 1)
recent = st.integers(1, 2)
"""Which of the admissions or spread broadcasts, counted from the last."""
seconds = st.sampled_from([1.0, LIMIT / 2, LIMIT, 60.0])
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
lasts = st.sampled_from([None, None, None, 1.0, LIMIT / 2, LIMIT, 100.0, 0.0, -1.0])
"""Seconds from now until a credential ends by itself."""
sessions = st.frozensets(st.none() | tokens, min_size=1)
doubtful = st.just(TokenHash("nobody's")) | tokens
rules = st.builds(Rule, sessions, doubtful)
policies = st.sampled_from(["close_oldest", "refuse"])
caps = st.lists(st.builds(Cap, st.sampled_from(BUILT_IN), st.integers(1, 3), policies), max_size=2)


def any_of(verbs: dict[str, tuple[st.SearchStrategy[object], ...]]) -> st.SearchStrategy[Deed]:
    return st.one_of(
        [st.builds(Deed, st.just(verb), st.tuples(*each)) for verb, each in verbs.items()]
    )


def registering() -> st.SearchStrategy[Deed]:
    return any_of({"connect": (slots, identities, lasts, st.none())})


def admitting() -> st.SearchStrategy[Deed]:
    return any_of(
        {
            "connect": (slots, identities, lasts, recent),
            "let_in": (slots, identities, lasts, recent),
            "admit": (),
        }
    )


def rotating() -> st.SearchStrategy[Deed]:
    return any_of({"rotate": (slots, identities, lasts, st.none() | recent)})


def ending(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Deed]:
    return any_of(
        {
            "revoke": (keys,),
            "revoke_where": (rules,),
            "disconnect": (slots,),
            "close_expired": (),
        }
    )


def sending(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Deed]:
    return any_of(
        {
            "send_by": (keys,),
            "send_to": (slots,),
            "broadcast_where": (rules,),
            "broadcast": (),
        }
    )


def spreading(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Deed]:
    return any_of({"begin_spread": (rules, turns)})


reactions = st.one_of(
    registering(), admitting(), rotating(), ending(rules), sending(rules), spreading(rules)
)
reacting_rules = st.builds(Rule, sessions, doubtful, st.none() | reactions)
stepping = any_of({"step_spread": (recent, st.just(0.0) | seconds)})
passing = any_of({"lag": (seconds,), "pass_time": (seconds,)})
meddling = any_of(
    {
        "on_send": (slots, reactions),
        "on_close": (slots, reactions),
        "on_drop": (reactions,),
        "break_handle": (slots, st.sampled_from([GONE, SLOW, BROKEN, None])),
        "break_close": (slots, st.sampled_from([BROKEN, None])),
        "end": (recent,),
        "give_up_spread": (recent,),
    }
)
