"""Checks that fail as an assertion does, wherever in the event loop they are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import anyio
from anyio.abc import TaskStatus

__all__ = ["alongside", "bounded", "leave", "raised_by"]

TResult = TypeVar("TResult")
TError = TypeVar("TError", bound=Exception)


async def bounded(awaitable: Awaitable[TResult], seconds: float, what: str) -> TResult:
    """Await; fail the test, saying `what` it waited for, if that takes longer than `seconds`."""
    __tracebackhide__ = True
    with anyio.move_on_after(seconds):
        return await awaitable
    raise AssertionError(f"waited {seconds} s in vain for {what}")


@asynccontextmanager
async def alongside(awaitable: Awaitable[object]) -> AsyncGenerator[None]:
    """Await while the body runs, and to the end after it; if the body fails, no longer.

    The body begins when the awaitable waits for the first time.
    Unlike a bare task group, which would bury the failure in an exception group.
    """
    __tracebackhide__ = True
    failures: list[Exception] = []

    async def await_it(*, task_status: TaskStatus[None]) -> None:
        task_status.started()
        try:
            await awaitable
        except Exception as error:  # noqa: BLE001  # raised below
            failures.append(error)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        await tasks.start(await_it)
        try:
            yield
        except Exception as error:  # noqa: BLE001  # raised below
            failures.append(error)
            tasks.cancel_scope.cancel()
    for failure in failures:
        raise failure


async def leave(
    entered: AbstractAsyncContextManager[object], failure: BaseException | None
) -> None:
    """Leave what an author's hook made, after `failure` if the test has failed.

    In the ordinary way even then, so that the failure is not buried in the exception group of the
    author's task group; and what goes wrong now must not take its place.
    """
    if not isinstance(failure, Exception):
        traceback = failure.__traceback__ if failure else None
        await entered.__aexit__(type(failure) if failure else None, failure, traceback)
        return
    try:
        await entered.__aexit__(None, None, None)
    except Exception as error:  # noqa: BLE001  # whatever it is, it comes second
        failure.add_note(f"and then it failed to shut down: {error!r}")


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
