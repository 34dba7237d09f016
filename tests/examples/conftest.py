"""Fixtures for the examples, which run in servers as their users would run them."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that uvicorn runs on."""
    return "asyncio"
