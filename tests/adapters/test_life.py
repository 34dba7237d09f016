"""The table of a connection's life: what can happen in which state, and that nothing revives it."""

from __future__ import annotations

from itertools import product

import pytest

from gatecast.errors import InvalidLimitError
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters._life import TRANSITIONS, HandleSettings, Happening, Life, State
from tests.support.people import note

OPEN = {State.READY, State.HOLDING, State.WAITING}
PAIRS = [(state, happening) for state in State for happening in TRANSITIONS[state]]


def settings(close_timeout: float = 5.0) -> HandleSettings:
    return HandleSettings(OutboxLimits(), close_timeout, lambda handle, error: None)


def reachable_from(state: State) -> set[State]:
    reached, waiting = set[State](), [state]
    while waiting:
        for following in TRANSITIONS[waiting.pop()].values():
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached


def test_every_state_has_its_row_and_is_reached_from_the_first_one() -> None:
    assert TRANSITIONS.keys() == set(State)
    assert reachable_from(State.READY) == set(State)


@pytest.mark.parametrize("state", [State.CLOSING, State.ENDED, State.GONE])
def test_what_has_ended_never_takes_frames_again(state: State) -> None:
    assert not reachable_from(state) & OPEN


@pytest.mark.parametrize("state", list(State))
def test_the_peer_may_leave_in_every_state_and_that_is_the_last_one(state: State) -> None:
    assert TRANSITIONS[state][Happening.LEFT] is State.GONE
    assert reachable_from(State.GONE) == {State.GONE}


@pytest.mark.parametrize("state", [State.READY, State.HOLDING, State.WAITING])
def test_an_open_connection_can_be_closed_and_can_fail(state: State) -> None:
    assert TRANSITIONS[state][Happening.CLOSED] is State.CLOSING
    assert TRANSITIONS[state][Happening.FAILED] is State.ENDED


@pytest.mark.parametrize(("state", "happening"), PAIRS)
def test_a_life_goes_where_the_table_says(state: State, happening: Happening) -> None:
    life = Life(settings())
    life.state = state
    life.on(happening)
    assert life.state is TRANSITIONS[state][happening]
    assert life.is_open == (life.state in OPEN)


@pytest.mark.parametrize(
    ("state", "happening"), [pair for pair in product(State, Happening) if pair not in PAIRS]
)
def test_what_can_not_come_about_is_a_bug(state: State, happening: Happening) -> None:
    life = Life(settings())
    life.state = state
    with pytest.raises(KeyError):
        life.on(happening)


def test_a_life_alone_has_no_server() -> None:
    life = Life(settings())
    with pytest.raises(NotImplementedError):
        life.send(Frame(note(1)))
    with pytest.raises(NotImplementedError):
        life.close(Ending.REVOKED)
    with pytest.raises(NotImplementedError):
        life.abort()


@pytest.mark.parametrize("close_timeout", [0, -1, float("nan")])
def test_a_peer_is_given_some_time_to_take_its_close(close_timeout: float) -> None:
    with pytest.raises(InvalidLimitError, match="close_timeout"):
        settings(close_timeout)
