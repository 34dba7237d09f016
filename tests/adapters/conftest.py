"""Fixtures for adapters behind real servers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator

import pytest
import uvloop

from tests.support.native_servers import Serving, serving_picows, serving_websockets
from tests.support.redis_server import RedisServer


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The event loops that uvicorn runs on."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@pytest.fixture(params=["websockets-sansio", pytest.param("wsproto", marks=pytest.mark.all)])
def ws(request: pytest.FixtureRequest) -> str:
    """The WebSocket protocols of uvicorn, but for the deprecated one."""
    name: str = request.param
    return name


@pytest.fixture(params=["httptools", pytest.param("h11", marks=pytest.mark.all)])
def http(request: pytest.FixtureRequest) -> str:
    """The HTTP/1.1 protocols of uvicorn."""
    name: str = request.param
    return name


@pytest.fixture(params=[True, False], ids=["in-place", "writer"])
def in_place(request: pytest.FixtureRequest) -> bool:
    """Both ways of the ASGI adapters to send."""
    chosen: bool = request.param
    return chosen


@pytest.fixture(params=[serving_websockets, serving_picows], ids=["websockets", "picows"])
def serving(request: pytest.FixtureRequest) -> Serving:
    """The native servers."""
    chosen: Serving = request.param
    return chosen


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Generator[asyncio.Runner]:
    """An event loop without anyio's pytest plugin around it."""
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner


@pytest.fixture
def quiet_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Nothing is logged that a user would take for a bug, unless the test has cleared it away."""
    yield
    logged = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not logged, [record.getMessage() for record in logged]


@pytest.fixture
async def redis_server() -> AsyncGenerator[RedisServer]:
    """A Redis server that is empty."""
    async with RedisServer.running() as server:
        yield server
