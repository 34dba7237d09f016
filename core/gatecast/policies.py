"""Policies: broadcast rules with a name, so that they can cross processes.

A lambda can't be sent to another process. A policy is registered under the same name on every node,
is evaluated there against the identity of each connection, and travels as its name and arguments.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Concatenate, Final, Generic, ParamSpec, TypeVar

from gatecast.errors import (
    DuplicatePolicyError,
    InvalidPolicyArgumentError,
    UnknownPolicyError,
    UnnamedPolicyError,
)
from gatecast.jsonrpc import JsonrpcMessageFromServerToClient
from gatecast.predicates import Predicate

__all__ = ["Policies", "Policy", "PolicyCall"]

TIdentity = TypeVar("TIdentity")
TIdentity_contra = TypeVar("TIdentity_contra", contravariant=True)
PArguments = ParamSpec("PArguments")

_Rule = Callable[Concatenate[TIdentity, JsonrpcMessageFromServerToClient, PArguments], bool]

_RULE_PARAMETERS: Final = 2
"""An identity and a message come before the arguments."""


@dataclass(frozen=True)
class PolicyCall(Generic[TIdentity_contra]):
    """A policy with its arguments: what a cluster broadcasts by. Made by calling a `Policy`."""

    name: str
    arguments: Mapping[str, object]
    """By parameter name; values that JSON has."""


class Policy(Generic[TIdentity_contra, PArguments]):
    """A rule with a name. Call it with its arguments to broadcast by it."""

    def __init__(self, name: str, rule: _Rule[TIdentity_contra, PArguments]) -> None:
        self._name = name
        self._rule = rule
        parameters = tuple(inspect.signature(rule).parameters.values())
        self._signature = inspect.Signature(parameters[_RULE_PARAMETERS:])

    @property
    def name(self) -> str:
        """What it is called on every node."""
        return self._name

    def __call__(
        self, *args: PArguments.args, **kwargs: PArguments.kwargs
    ) -> PolicyCall[TIdentity_contra]:
        """The policy with these arguments.

        Raises `InvalidPolicyArgumentError` for a value that JSON lacks, since it would arrive as
        another one, and `TypeError` for arguments that the rule does not take.
        """
        arguments = self._signature.bind(*args, **kwargs).arguments
        for parameter, value in arguments.items():
            if not _survives_json(value):
                raise InvalidPolicyArgumentError(self._name, parameter, value)
        return PolicyCall(self._name, dict(arguments))

    def predicate(
        self, message: JsonrpcMessageFromServerToClient, arguments: Mapping[str, object]
    ) -> Predicate[TIdentity_contra]:
        """The rule for one message. Raises `TypeError` for arguments that it does not take."""
        bound = self._signature.bind(**arguments)
        rule: Callable[..., bool] = self._rule
        return lambda identity: rule(identity, message, *bound.args, **bound.kwargs)


class Policies(Generic[TIdentity]):
    """The policies of an app, by name. Every node registers the same ones.

    policies: Policies[ConnectionIdentity] = Policies()

    @policies.register("members-of")
    def members_of(identity, message, *, room: str) -> bool: ...

    await cluster.broadcast_filtered(message, members_of(room="lobby"))
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Policy[TIdentity, ...]] = {}

    def register(
        self, name: str
    ) -> Callable[[_Rule[TIdentity, PArguments]], Policy[TIdentity, PArguments]]:
        """Decorate a rule to make it the policy `name`; raises `DuplicatePolicyError`.

        The rule is a predicate with more to go by: it gets the identity, the message, and the
        arguments of the call, which are what JSON has (a UUID travels as a string).
        """

        def decorate(rule: _Rule[TIdentity, PArguments]) -> Policy[TIdentity, PArguments]:
            if name in self._by_name:
                raise DuplicatePolicyError(name)
            policy = Policy(name, rule)
            self._by_name[name] = policy
            return policy

        return decorate

    def require(self, call: PolicyCall[TIdentity]) -> None:
        """Raise what keeps `call` from being understood by a node with these policies.

        `UnnamedPolicyError` for a bare function, `UnknownPolicyError` for a policy of another app.
        """
        if not isinstance(call, PolicyCall):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise UnnamedPolicyError(call)
        if call.name not in self._by_name:
            raise UnknownPolicyError(call.name, tuple(self._by_name))

    def predicate(
        self,
        name: str,
        arguments: Mapping[str, object],
        message: JsonrpcMessageFromServerToClient,
    ) -> Predicate[TIdentity]:
        """The rule `name` for one message; raises `UnknownPolicyError`, or `TypeError`."""
        policy = self._by_name.get(name)
        if policy is None:
            raise UnknownPolicyError(name, tuple(self._by_name))
        return policy.predicate(message, arguments)


def _survives_json(value: object) -> bool:
    try:
        text = json.dumps(value, allow_nan=False)
        text.encode()
        return bool(json.loads(text) == value)
    except (TypeError, ValueError, RecursionError):
        return False
