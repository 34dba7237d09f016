"""Running state machines: a little in every run of the tests, and a lot now and then."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

__all__ = ["CountingMachine", "run_at_length", "run_briefly"]


class CountingMachine(RuleBasedStateMachine):
    """One that counts what it does."""

    steps: ClassVar[int] = 0


def run_briefly(machine: type[CountingMachine], examples: int) -> None:
    """Run as many examples of 50 steps, the same ones every time."""
    _run(machine, examples=examples, steps=50, derandomize=True)


def run_at_length(machine: type[CountingMachine]) -> None:
    """Run at least 100,000 steps, others every time."""
    machine.steps = 0
    while machine.steps < 100_000:
        _run(machine, examples=200, steps=100, derandomize=False)


def _run(machine: type[CountingMachine], examples: int, steps: int, *, derandomize: bool) -> None:
    with _quiet():
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                derandomize=derandomize,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


@contextmanager
def _quiet() -> Generator[None]:
    """What fails in there fails on purpose, thousands of times."""
    logger = logging.getLogger("gatecast")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False
