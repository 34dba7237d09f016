"""What all contracts have in common: settings, and the checks when one is defined."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from gatecast.errors import UsageError
from gatecast_contracts._proof import proofs_of, tests_in
from gatecast_contracts.capabilities import Capabilities

__all__ = ["Contract", "ContractDefinitionError"]


class ContractDefinitionError(UsageError, TypeError):
    """A contract class that would not test what it seems to test."""

    def __init__(self, contract: str, detail: str) -> None:
        self.contract = contract
        super().__init__(f"{contract}: {detail}")


class Contract:
    """A set of tests that runs once an author has filled in the hooks.

    A subclass is checked when it is defined: a missing hook, or a test that was replaced, raises
    `ContractDefinitionError`, which pytest reports as an error of collection. A class between this
    one and an author's, which has no hooks yet, says `abstract=True`::

        class ServerContract(TransportContract[ConnectionIdentity], abstract=True): ...

    Its tests come from `parts`, each of them a class of tests that knows no hook: a contract lists
    its parts and does not inherit from them.

    It is no `abc.ABC`: pytest passes over an abstract class without a word.
    """

    __test__: ClassVar[bool] = False

    backend: ClassVar[Literal["asyncio", "trio"]] = "asyncio"
    """The event loop that the tests run on."""

    patience: ClassVar[float] = 5.0
    """Seconds after which a wait times out, and the test fails."""

    # Any: each kind of contract says which capabilities there are to decline.
    capabilities: ClassVar[Capabilities[Any]]
    """What is declined, with reasons."""

    def __init_subclass__(
        cls, *, abstract: bool = False, parts: Iterable[type[object]] = (), **arguments: object
    ) -> None:
        super().__init_subclass__(**arguments)
        # True on a class makes pytest collect it whatever its name is.
        cls.__test__ = not abstract
        for part in parts:
            _take_tests(cls, part)
        _check_tests(cls)
        if not abstract:
            _check_hooks(cls)


def _take_tests(contract: type[Contract], part: type[object]) -> None:
    for name, test in tests_in(part).items():
        if hasattr(contract, name):
            raise ContractDefinitionError(
                contract.__qualname__, f"{name} of {part.__qualname__} is there already"
            )
        setattr(contract, name, test)


def _check_tests(contract: type[Contract]) -> None:
    present = proofs_of(contract)
    for base in contract.__mro__[1:]:
        for name, proof in proofs_of(base).items():
            if present.get(name) is not proof:
                raise ContractDefinitionError(
                    contract.__qualname__,
                    f"{name} proves {proof.promise.id} and can't be replaced or removed; "
                    "what can't be done is declined, with a reason, in `capabilities`",
                )


def _check_hooks(contract: type[Contract]) -> None:
    name = contract.__qualname__
    if contract.__init__ is not object.__init__:
        raise ContractDefinitionError(
            name, "it can't have an __init__, since pytest would leave out the class"
        )
    hooks = inspect.getmembers(contract, lambda each: getattr(each, "__isabstractmethod__", False))
    if hooks:
        missing = " and ".join(hook for hook, _ in hooks)
        raise ContractDefinitionError(
            name, f"{missing} is missing; define it, or say `abstract=True` if a subclass will"
        )
