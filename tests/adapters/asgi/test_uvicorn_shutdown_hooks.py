"""The two hooks of uvicorn's shutdown, step by step, within the process of the test."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from types import FrameType

import anyio
import anyio.to_thread
import pytest
import uvicorn

from gatecast.errors import InvalidLimitError
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_adapters.uvicorn_shutdown import DrainingServer, draining
from tests.support.apps import websocket_app
from tests.support.clients import WebsocketClient
from tests.support.uvicorn_server import UvicornServer
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.anyio


class Transport:
    """Is being drained until it is told that it is done."""

    def __init__(self) -> None:
        self.deadlines: list[float] = []
        self.done = asyncio.Event()

    async def drain(self, *, deadline: float) -> None:
        self.deadlines.append(deadline)
        await self.done.wait()


class FailingTransport:
    async def drain(self, *, deadline: float) -> None:
        raise RuntimeError("no use")


@pytest.fixture
def passed_on() -> Generator[list[int]]:
    """The signals that got through to the handlers that were there before."""
    signals: list[int] = []

    def take(signum: int, frame: FrameType | None) -> None:
        signals.append(signum)

    before = {each: signal.signal(each, take) for each in (signal.SIGTERM, signal.SIGINT)}
    yield signals
    for signum, handler in before.items():
        signal.signal(signum, handler)


async def test_a_signal_is_held_back_until_all_transports_are_drained(passed_on: list[int]) -> None:
    first, second = Transport(), Transport()
    async with draining(first, second, deadline=3.0):
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: second.deadlines, "the drain to begin")
        assert first.deadlines == second.deadlines == [3.0]
        first.done.set()
        await anyio.lowlevel.checkpoint()
        assert passed_on == []
        second.done.set()
        await until(lambda: passed_on, "the signal to be raised again")
    assert passed_on == [signal.SIGTERM]


async def test_the_same_signal_again_is_not_held_back(passed_on: list[int]) -> None:
    transport = Transport()
    tasks = asyncio.all_tasks()
    async with draining(transport):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert passed_on == [signal.SIGINT]
        await until(lambda: transport.deadlines, "the drain to begin nevertheless")
        transport.done.set()
        await until(lambda: asyncio.all_tasks() <= tasks, "the drain to end")
        assert passed_on == [signal.SIGINT]
        signal.raise_signal(signal.SIGINT)
        assert passed_on == [signal.SIGINT] * 2


async def test_another_signal_is_held_back_with_the_first(passed_on: list[int]) -> None:
    transport = Transport()
    async with draining(transport):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert passed_on == []
        transport.done.set()
        await until(lambda: passed_on, "the signal to be raised again")
    assert passed_on == [signal.SIGINT]
    assert transport.deadlines == [10.0]


async def test_a_transport_that_cannot_be_drained_is_logged_and_stops_nothing(
    passed_on: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    transport = Transport()
    transport.done.set()
    async with draining(FailingTransport(), transport):
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: passed_on, "the signal to be raised again")
    assert transport.deadlines == [10.0]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "no use" in caplog.text


async def test_the_handlers_are_put_back_and_the_drain_is_given_up_in_the_end(
    passed_on: list[int],
) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    transport = Transport()
    tasks = asyncio.all_tasks()
    async with draining(transport):
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: transport.deadlines, "the drain to begin")
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    await until(lambda: asyncio.all_tasks() <= tasks, "the drain to end")
    assert passed_on == []


async def test_on_another_thread_than_the_main_one_nothing_is_done() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def in_lifespan() -> None:
        async with draining(FailingTransport()):
            assert signal.getsignal(signal.SIGTERM) == before

    await anyio.to_thread.run_sync(asyncio.run, in_lifespan())


@pytest.mark.parametrize("deadline", [0, -1.0, float("nan")])
async def test_a_deadline_must_be_above_zero(deadline: float) -> None:
    with pytest.raises(InvalidLimitError, match="deadline"):
        async with draining(deadline=deadline):
            raise AssertionError
    with pytest.raises(InvalidLimitError, match="deadline"):
        DrainingServer(config_of(), deadline=deadline)


# DrainingServer


def config_of(transport: BackendWebsocketTransport | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        websocket_app(transport or BackendWebsocketTransport()),
        host="127.0.0.1",
        port=0,
        log_config=None,
        ws="websockets-sansio",
    )


@asynccontextmanager
async def in_thread(server: DrainingServer) -> AsyncGenerator[UvicornServer]:
    """Run `server` in a thread of its own; the test is over when that has ended."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    await until(lambda: server.started, "the server to start")
    port: int = server.servers[0].sockets[0].getsockname()[1]
    yield UvicornServer(port, server.server_state)
    await anyio.to_thread.run_sync(thread.join, PATIENCE)
    assert not thread.is_alive()


async def test_a_server_in_a_thread_drains_when_it_is_told_to_exit() -> None:
    transport = BackendWebsocketTransport()
    server = DrainingServer(config_of(transport), transport)
    async with in_thread(server) as address, WebsocketClient.to(address, "alice") as client:
        server.should_exit = True
        assert await client.closed() == (1001, "Going away")


async def test_a_second_ctrl_c_ends_the_wait_of_a_server() -> None:
    never_done = Transport()
    server = DrainingServer(config_of(), never_done)
    async with in_thread(server):
        server.handle_exit(signal.SIGINT, None)
        await until(lambda: never_done.deadlines, "the drain to begin")
        server.handle_exit(signal.SIGINT, None)
