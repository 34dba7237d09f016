"""`make demo-cluster`: two processes and a real Redis, with a person at them and without."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest

from examples.cluster_demo import scenario
from examples.cluster_demo.app import LEASE
from examples.cluster_demo.processes import SECONDS_TO_STOP
from tests.examples.connecting import cookie, open_socket
from tests.packages import ROOT, ROOTS
from tests.support.clients import Close
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("needs_redis")

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, ROOTS))}


def test_the_scenario_comes_out_as_expected_with_redis_stopped_and_started_again() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "examples.cluster_demo", "--check"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows = [line for line in finished.stdout.splitlines() if line.endswith("as expected")]
    steps = (*scenario.BEFORE, *scenario.DURING, *scenario.AFTER)
    assert len(rows) == len(steps) + len(scenario.FIRST_ROUND) + len(scenario.SECOND_ROUND)


class ClusterDemoProcess:
    """The demo as `make demo-cluster` starts it, with somebody at its terminal."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self.process = process
        self._output = process.stdout
        self._keys = process.stdin

    async def reads(self) -> str:
        """The next line that it prints."""
        with anyio.fail_after(2 * PATIENCE):
            return (await self._output.readline()).decode()

    async def press_enter(self) -> None:
        self._keys.write(b"\n")
        await self._keys.drain()

    async def ctrl_c(self) -> int:
        """End it; return its exit status once all of it is gone."""
        self.process.send_signal(signal.SIGINT)
        # It stops two nodes and Redis one after the other, and kills what takes longer than that.
        with anyio.fail_after(3 * SECONDS_TO_STOP + PATIENCE):
            # Whatever it has started holds on to its output.
            await self._output.read()
            return await self.process.wait()


@asynccontextmanager
async def cluster_demo() -> AsyncGenerator[ClusterDemoProcess]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "examples.cluster_demo", "--port", "0"),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=PIPE,
        stdout=PIPE,
    )
    demo = ClusterDemoProcess(process)
    try:
        yield demo
    finally:
        if process.returncode is None:
            await demo.ctrl_c()


async def state_of(url: str) -> str:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        state: str = (await http.get(f"{url}/health")).json()["state"]
        return state


async def is_in_state(url: str, state: str) -> None:
    with anyio.fail_after(PATIENCE + LEASE):
        while await state_of(url) != state:  # noqa: ASYNC110
            await anyio.sleep(0.02)


async def secret_of_ada(url: str) -> str:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        state = (await http.get(f"{url}/state")).json()
    secret: str = state["accounts"][0]["credentials"][0]["secret"]
    return secret


@pytest.mark.anyio
async def test_enter_stops_redis_and_the_lease_ends_and_enter_starts_it_again() -> None:
    async with cluster_demo() as demo:
        urls = [(await demo.reads()).split()[-1] for _ in range(2)]
        for url in urls:
            await is_in_state(url, "following")
        session = cookie(await secret_of_ada(urls[0]))
        async with (
            open_socket(f"{urls[0]}/websocket", session) as here,
            open_socket(f"{urls[1]}/websocket", session) as there,
        ):
            await demo.press_enter()
            for socket in (here, there):
                with anyio.fail_after(PATIENCE + LEASE):
                    await socket.connection.wait_closed()
                assert await socket.closed() == Close(1012, "Cut off from the cluster")
        assert [await state_of(url) for url in urls] == ["fenced", "fenced"]
        await demo.press_enter()
        for url in urls:
            await is_in_state(url, "following")
        assert await demo.ctrl_c() == 0
