"""A policy is the same rule on every node, called with the same arguments."""

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

import pytest

from gatecast.cluster._envelopes import (
    Broadcast,
    NodeId,
    ToPolicy,
    decode,
    encode,
)
from gatecast.cluster.policies import Policies, PolicyCall
from gatecast.errors import (
    DuplicatePolicyError,
    InvalidPolicyArgumentError,
    UnknownPolicyError,
    UnnamedPolicyError,
)
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from tests.core.fakes import ALICE, HELLO, daemon


class Colour(StrEnum):
    RED = "red"


class Registered:
    """Some policies, and what one of them was called with."""

    def __init__(self) -> None:
        self.policies: Policies[ConnectionIdentity] = Policies()
        self.seen: list[object] = []
        self.anything = self.policies.register("anything")(self._anything)
        self.split = self.policies.register("split")(self._split)

    def _anything(
        self,
        identity: ConnectionIdentity,
        message: JsonrpcMessageFromServerToClient,
        value: object,
        *,
        also: object = None,
    ) -> bool:
        self.seen.append((identity, message, value, also))
        return True

    def _split(
        self,
        identity: ConnectionIdentity,
        message: JsonrpcMessageFromServerToClient,
        first: int,
        /,
        *,
        second: int,
        **others: int,
    ) -> bool:
        self.seen.append((first, second, others))
        return True

    def arrive(self, call: PolicyCall[ConnectionIdentity]) -> object:
        """Ask the rule that `call` names, as another node does."""
        self.policies.require(call)
        predicate = self.policies.predicate(call.name, call.arguments, HELLO)
        assert predicate(daemon()) is True
        return self.seen[-1]


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_a_policy_is_known_by_its_name() -> None:
    registered = Registered()
    assert registered.anything.name == "anything"
    assert registered.anything(1).name == "anything"


def test_a_second_policy_of_the_same_name_is_refused() -> None:
    policies: Policies[ConnectionIdentity] = Policies()
    policies.register("all")(lambda identity, message: True)
    with pytest.raises(DuplicatePolicyError, match="'all'"):
        policies.register("all")(lambda identity, message: False)
    assert policies.predicate("all", {}, HELLO)(daemon()) is True


@pytest.mark.parametrize("known", ["none", "first, second"])
def test_an_unknown_policy_is_refused_with_those_that_are_known(known: str) -> None:
    policies: Policies[ConnectionIdentity] = Policies()
    for name in known.split(", ") if known != "none" else ():
        policies.register(name)(lambda identity, message: True)
    with pytest.raises(UnknownPolicyError, match=f"registered: {known}"):
        policies.require(PolicyCall("other", {}))
    with pytest.raises(UnknownPolicyError, match=f"registered: {known}"):
        policies.predicate("other", {}, HELLO)


def test_a_lambda_is_refused_with_how_to_name_it() -> None:
    rule: Callable[[ConnectionIdentity], bool] = lambda identity: True  # noqa: E731  # the point
    with pytest.raises(UnnamedPolicyError, match=r"@policies\.register\('a-name'\)") as caught:
        Registered().policies.require(rule)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert caught.value.rule is rule


def test_a_policy_itself_is_refused_where_a_call_of_it_is_wanted() -> None:
    registered = Registered()
    with pytest.raises(UnnamedPolicyError, match="what a call of it returns"):
        registered.policies.require(registered.anything)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_positional_and_keyword_arguments_arrive_alike() -> None:
    registered = Registered()
    assert registered.anything(1, also=2) == registered.anything(also=2, value=1)
    assert registered.arrive(registered.anything(1, also=2)) == (daemon(), HELLO, 1, 2)


def test_what_is_left_out_has_its_default_on_the_node_that_asks() -> None:
    registered = Registered()
    assert registered.anything(1).arguments == {"value": 1}
    assert registered.arrive(registered.anything(1)) == (daemon(), HELLO, 1, None)


def test_positional_only_and_gathered_arguments_arrive_as_they_were_given() -> None:
    registered = Registered()
    assert registered.arrive(registered.split(1, second=2, third=3)) == (1, 2, {"third": 3})


@pytest.mark.parametrize(
    "value",
    [None, True, 0, 1.5, 10**30, "text", "é😀", [], [1, [2]], {}, {"a": {"b": None}}, Colour.RED],
)
def test_what_json_has_arrives_as_it_was(value: object) -> None:
    registered = Registered()
    assert registered.arrive(registered.anything(value)) == (daemon(), HELLO, value, None)


@pytest.mark.parametrize(
    "value",
    [
        *(pytest.param(value, id=name) for name, value in {"tuple": (1,), "UUID": ALICE}.items()),
        *(float("nan"), float("inf"), [float("nan")], [(1,)], {1}, b"a", UUID(int=1), object()),
        pytest.param("\ud800", id="lone surrogate"),
        pytest.param(["\udfff"], id="lone surrogate in a list"),
        pytest.param({1: "a"}, id="int-keyed"),
        pytest.param(nested(199), id="too deep for an entry"),
        pytest.param(nested(5000), id="far too deep"),
    ],
)
def test_what_json_would_change_is_refused(value: object) -> None:
    with pytest.raises(InvalidPolicyArgumentError) as caught:
        Registered().anything(value)
    assert (caught.value.policy, caught.value.parameter) == ("anything", "value")


def test_no_argument_that_is_taken_makes_an_entry_that_others_cannot_read() -> None:
    # An entry that can't be read may have been a revocation, and fences every node.
    registered = Registered()
    depths = range(150, 250)
    taken = [depth for depth in depths if _is_taken(registered, nested(depth))]
    assert taken == list(range(150, 150 + len(taken)))
    for depth in taken[-2:]:
        call = registered.anything(nested(depth))
        recipients = ToPolicy.model_validate({"policy": call.name, "arguments": call.arguments})
        entry = Broadcast(node=NodeId("n"), seq=1, message="{}", recipients=recipients)
        assert decode(encode(entry)) == entry


def _is_taken(registered: Registered, value: object) -> bool:
    try:
        registered.anything(value)
    except InvalidPolicyArgumentError:
        return False
    return True


def test_an_argument_that_is_changed_after_the_call_arrives_as_it_was() -> None:
    registered = Registered()
    rooms = ["lobby"]
    call = registered.anything(rooms)
    rooms.append("vault")
    assert call.arguments == {"value": ["lobby"]}


def test_arguments_that_the_rule_does_not_take_are_refused_on_both_sides() -> None:
    registered = Registered()
    with pytest.raises(TypeError):
        registered.anything(other=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    for arguments in ({}, {"value": 1, "other": 2}):
        with pytest.raises(TypeError):
            registered.policies.predicate("anything", arguments, HELLO)
