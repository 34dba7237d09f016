"""Waits that end: every one is bounded, and fails the test with what it waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio

__all__ = ["PATIENCE", "until"]

PATIENCE = 5.0
"""Seconds after which a test gives up."""


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something inside a server that sets no event of ours."""
    with anyio.move_on_after(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        return
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")
