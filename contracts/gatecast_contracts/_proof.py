"""A proof: one test, the promise that it proves, and how it is carried out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn, TypeAlias

import anyio
import pytest

from gatecast_contracts.capabilities import Capability, RelayCapability
from gatecast_contracts.promises import Promise

__all__ = ["Body", "BrokenPromiseError", "Proof", "Test", "make_test", "proofs_of", "tests_in"]

# Any: a contract and its rig, whose types a decorator of the contract's methods can't name.
Body: TypeAlias = Callable[[Any, Any], Coroutine[object, object, None]]
"""A test as it is written: a coroutine that takes the rig."""

Test: TypeAlias = Callable[[Any], None]
"""A test as pytest runs it."""
_SetUp: TypeAlias = Callable[[Any], AbstractAsyncContextManager[object]]

_LONGEST: Final = 60.0
"""Seconds for one test as a whole, server included; each wait in it has a bound of its own."""


class BrokenPromiseError(AssertionError):
    """A test failed with something other than an assertion; that is the cause of this."""

    def __init__(self, promise: Promise, error: Exception) -> None:
        self.promise = promise
        super().__init__(f"{promise}\n{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Proof:
    """One test: which promise it proves, and under which conditions."""

    promise: Promise
    needs: Capability | RelayCapability | None
    set_up: _SetUp
    """Makes the rig for a contract, which is entered once and handed to the body."""
    body: Body

    def run(self, contract: object, backend: str, declined: str | None) -> None:
        """Run the test for `contract`; if what it needs is declined, it is expected to fail."""
        __tracebackhide__ = True
        failure = anyio.run(partial(self._perform, contract), backend=backend)
        if declined is not None:
            self._judge_declined(declined, failure)
        elif failure is not None:
            raise self._told(failure)

    async def _perform(self, contract: object) -> Exception | None:
        __tracebackhide__ = True
        # Returned, not raised: so a failure's traceback begins here, and not in the event loop.
        try:
            with anyio.fail_after(_LONGEST):
                async with self.set_up(contract) as rig:
                    await self.body(contract, rig)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this test's failure
            return error
        return None

    def _told(self, failure: Exception) -> AssertionError:
        if isinstance(failure, AssertionError):
            failure.args = (f"{self.promise}\n{failure}",)
            return failure
        broken = BrokenPromiseError(self.promise, failure)
        broken.__cause__ = failure
        return broken

    def _judge_declined(self, reason: str, failure: Exception | None) -> NoReturn:
        __tracebackhide__ = True
        if failure is None:
            pytest.fail(
                f"{self.promise}\n{self.needs} is declined ({reason}), but it works: "
                "decline it no more",
                pytrace=False,
            )
        pytest.xfail(f"{self.promise.id} needs {self.needs}, which is declined: {reason}")


_PROOFS: Final[dict[object, Proof]] = {}


def make_test(proof: Proof) -> Test:
    """Make the test that carries out `proof`.

    The test is synchronous and runs an event loop of its own, so that no plugin of the host project
    has a say in which one.
    """

    # Any: the contract, which knows its proofs and so can't be imported by them.
    def test(self: Any) -> None:
        __tracebackhide__ = True
        proof.run(self, self.backend, self.capabilities.reason_against(proof.needs))

    # Not functools.wraps: pytest would follow it to the body, and look for a fixture `rig`.
    test.__name__, test.__qualname__ = proof.body.__name__, proof.body.__qualname__
    test.__module__, test.__doc__ = proof.body.__module__, proof.body.__doc__
    # Collected whatever names the host project's configuration asks of tests.
    vars(test)["__test__"] = True
    _PROOFS[test] = proof
    return test


def tests_in(part: type[object]) -> dict[str, Test]:
    """The tests that a class itself defines, by name and in order."""
    return {name: test for name, test in vars(part).items() if test in _PROOFS}


def proofs_of(contract: type[object]) -> dict[str, Proof]:
    """The proofs of a contract by the names of their tests; a replaced test is none."""
    tests = inspect.getmembers(contract, inspect.isfunction)
    return {name: _PROOFS[test] for name, test in tests if test in _PROOFS}
