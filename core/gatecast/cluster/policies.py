"""Policies: broadcast rules with a name, so that they can be sent to other processes.

A lambda can't be sent to another process. A policy is registered under the same name on every node,
and is sent as its name and arguments. Each node evaluates it for the identity of each connection.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Concatenate, Final, Generic, ParamSpec, TypeAlias, TypeVar

from pydantic_core import from_json, to_json

from gatecast.errors import (
    DuplicatePolicyError,
    InvalidPolicyArgumentError,
    UnknownPolicyError,
    UnnamedPolicyError,
)
from gatecast.identity.predicate import Predicate
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient

__all__ = ["Policies", "Policy", "PolicyCall", "PolicyFunction"]

TIdentity = TypeVar("TIdentity")
TIdentity_contra = TypeVar("TIdentity_contra", contravariant=True)
PArguments = ParamSpec("PArguments")

PolicyFunction: TypeAlias = Callable[
    Concatenate[TIdentity, JsonrpcMessageFromServerToClient, PArguments], bool
]
"""Decides whether a connection may see a message: takes its identity, the message, and the
arguments of the policy."""

_RULE_PARAMETERS: Final = 2
"""An identity and a message come before the arguments."""

_LEVELS_ABOVE: Final = 3
"""How many objects enclose an argument in an entry of the log."""


@dataclass(frozen=True)
class PolicyCall(Generic[TIdentity_contra]):
    """A policy with its arguments, for `Cluster.broadcast_filtered`; call a `Policy` to make it."""

    name: str
    arguments: Mapping[str, object]
    """JSON values by parameter name."""


class Policy(Generic[TIdentity_contra, PArguments]):
    """A rule with a name. Call it with its arguments to broadcast by it."""

    def __init__(self, name: str, rule: PolicyFunction[TIdentity_contra, PArguments]) -> None:
        self._name = name
        self._rule = rule
        parameters = tuple(inspect.signature(rule).parameters.values())
        self._signature = inspect.Signature(parameters[_RULE_PARAMETERS:])

    @property
    def name(self) -> str:
        """Its name on every node."""
        return self._name

    def __call__(
        self, *args: PArguments.args, **kwargs: PArguments.kwargs
    ) -> PolicyCall[TIdentity_contra]:
        """The policy with these arguments.

        Raises `InvalidPolicyArgumentError` for a value that JSON would change or can't hold, and
        `TypeError` for arguments that the rule does not take.
        """
        arguments = self._signature.bind(*args, **kwargs).arguments
        return PolicyCall(
            self._name,
            {parameter: self._as_json(parameter, value) for parameter, value in arguments.items()},
        )

    def predicate(
        self, message: JsonrpcMessageFromServerToClient, arguments: Mapping[str, object]
    ) -> Predicate[TIdentity_contra]:
        """The rule for one message. Raises `TypeError` for arguments that it does not take."""
        unknown = arguments.keys() - self._signature.parameters
        if unknown:
            raise TypeError(f"policy {self._name!r} has no parameter {', '.join(sorted(unknown))}")
        # By parameter, as they were bound by the caller: this restores positional-only arguments
        # and **arguments.
        named = inspect.BoundArguments(self._signature, OrderedDict(arguments))
        bound = self._signature.bind(*named.args, **named.kwargs)
        rule: Callable[..., bool] = self._rule
        return lambda identity: rule(identity, message, *bound.args, **bound.kwargs)

    def _as_json(self, parameter: str, value: object) -> object:
        """`value` as it will arrive; a copy, so that the caller can't change it later."""
        try:
            arrives = _round_trip(value)
        except (ValueError, RecursionError):
            raise InvalidPolicyArgumentError(self._name, parameter, value) from None
        if arrives != value:
            raise InvalidPolicyArgumentError(self._name, parameter, value)
        return arrives


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
    ) -> Callable[[PolicyFunction[TIdentity, PArguments]], Policy[TIdentity, PArguments]]:
        """Decorate a rule to make it the policy `name`; raises `DuplicatePolicyError`.

        Unlike a predicate, the rule also gets the message and its arguments, which must be JSON
        values (pass a UUID as a string).
        """

        def decorate(rule: PolicyFunction[TIdentity, PArguments]) -> Policy[TIdentity, PArguments]:
            if name in self._by_name:
                raise DuplicatePolicyError(name)
            policy = Policy(name, rule)
            self._by_name[name] = policy
            return policy

        return decorate

    def require(self, call: PolicyCall[TIdentity]) -> None:
        """Raise if a node with these policies would not know `call`.

        `UnnamedPolicyError` for a bare function, `UnknownPolicyError` for any other policy.
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


def _round_trip(value: object) -> object:
    """The value that other nodes read; raises `ValueError` if they can't, as for deep nesting."""
    text = to_json(value)
    from_json(b"[" * _LEVELS_ABOVE + text + b"]" * _LEVELS_ABOVE)
    returned: object = from_json(text, allow_inf_nan=False)
    return returned
