"""Checks that fail as an assertion does, wherever in the event loop they are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

__all__ = ["bounded", "raised_by"]

TResult = TypeVar("TResult")
TError = TypeVar("TError", bound=Exception)


async def bounded(awaitable: Awaitable[TResult], seconds: float, what: str) -> TResult:
    """Await; fail the test, saying `what` it waited for, if that takes longer than `seconds`."""
    __tracebackhide__ = True
    with anyio.move_on_after(seconds):
        return await awaitable
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def raised_by(error: type[TError], call: Callable[[], object]) -> TError:
    """Call, and return the error of this type that it raises; fail the test if it does not.

    Unlike `pytest.raises`, whose failure is no `Exception` and upsets a task group.
    """
    __tracebackhide__ = True
    try:
        result = call()
    except error as raised:
        return raised
    raise AssertionError(f"returned {result!r} instead of raising {error.__name__}")
