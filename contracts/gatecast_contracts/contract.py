"""The base of every contract: an author's hooks, and the checks that none of them is forgotten."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Generic, Literal, TypeVar

from gatecast.errors import UsageError
from gatecast.identity import ConnectionIdentity
from gatecast_contracts.adapter import ContractIdentity, LiveAdapter, ServeOptions
from gatecast_contracts.capabilities import Capabilities
from gatecast_contracts.proof import proofs_of

__all__ = ["Contract", "ContractDefinitionError"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class ContractDefinitionError(UsageError, TypeError):
    """A contract class that would not test what it seems to test."""

    def __init__(self, contract: str, detail: str) -> None:
        self.contract = contract
        super().__init__(f"{contract}: {detail}")


class Contract(Generic[TIdentity]):
    """A set of tests that runs once an author has filled in the hooks.

    A subclass is checked when it is defined: a missing hook, or a test that was replaced, raises
    `ContractDefinitionError`, which pytest reports as an error of collection. A class between this
    one and an author's, which has no hooks yet, says `abstract=True`::

        class ServerContract(TransportContract[ConnectionIdentity], abstract=True): ...

    It is no `abc.ABC`: pytest passes over an abstract class without a word.
    """

    __test__: ClassVar[bool] = False

    backend: ClassVar[Literal["asyncio", "trio"]] = "asyncio"
    """The event loop that the tests run on."""

    patience: ClassVar[float] = 5.0
    """Seconds after which a wait is given up, and the test fails."""

    flood_size: ClassVar[int] = 128
    """How many messages of 256 KiB are more than the server and the kernel hold for one peer that
    has stopped reading."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    """What the adapter declines, with reasons."""

    def __init_subclass__(cls, *, abstract: bool = False, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        # True on a class makes pytest collect it whatever its name is.
        cls.__test__ = not abstract
        _check_tests(cls)
        if not abstract:
            _check_hooks(cls)

    @abstractmethod
    def serve(
        self, options: ServeOptions[TIdentity]
    ) -> AbstractAsyncContextManager[LiveAdapter[TIdentity]]:
        """Start a server with the adapter in it, on the event loop that is running.

        Every test enters it once. When it is left, close all clients and stop the server.
        """
        raise NotImplementedError

    @abstractmethod
    def make_identity(self, who: ConnectionIdentity) -> TIdentity:
        """Return the identity for `who`: with the same account, session, API token and expiry.

        Raises where there can't be one, which must be declined: `Capability.SESSIONLESS` or
        `Capability.EXPIRY`.
        """
        raise NotImplementedError


def _check_tests(contract: type[Contract[Any]]) -> None:
    present = proofs_of(contract)
    for base in contract.__mro__[1:]:
        for name, proof in proofs_of(base).items():
            if present.get(name) is not proof:
                raise ContractDefinitionError(
                    contract.__qualname__,
                    f"{name} proves {proof.promise.id} and can't be replaced or removed; "
                    "what an adapter can't do it declines, with a reason, in `capabilities`",
                )


def _check_hooks(contract: type[Contract[Any]]) -> None:
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
