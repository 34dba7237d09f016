"""SIGTERM on a uvicorn of its own: every client sees a clean end, and the process ends in time."""

from __future__ import annotations

import asyncio
import signal
from typing import Final

import anyio
import httpx
import pytest

from tests.support.clients import Close
from tests.support.crowd import Crowd
from tests.support.draining_app import CLOSE_TIMEOUT, DEADLINE
from tests.support.raw_peer import RawStream, RawWebsocket
from tests.support.server_process import ServerProcess, raise_file_limit
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

MODULE: Final = "tests.support.draining_app"
BY_LIFESPAN: Final = ("-m", "uvicorn", f"{MODULE}:app", "--port=0", "--loop")
BY_PROGRAM: Final = ("-m", MODULE)
KINDS: Final = [(*BY_LIFESPAN, "uvloop"), (*BY_PROGRAM, "asyncio")]

GOING_AWAY: Final = Close(1001, "Going away")


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the clients; the server has its own."""
    return "asyncio"


def assert_nothing_went_wrong(server: ServerProcess, exit_code: int) -> None:
    # uvicorn raises the signal again once it is done, for whoever watches the exit code.
    assert exit_code == -signal.SIGTERM
    assert "ERROR" not in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize("kind", KINDS, ids=["lifespan", "program"])
async def test_each_of_many_clients_sees_a_clean_end(kind: tuple[str, ...]) -> None:
    raise_file_limit(4096)
    async with ServerProcess.running(*kind) as server, asyncio.TaskGroup() as clients:
        crowd = Crowd(server.port)
        sockets = [clients.create_task(crowd.socket()) for _ in range(1000)]
        streams = [clients.create_task(crowd.stream()) for _ in range(1000)]
        await crowd.arrived(2000)
        server.terminate()
        exit_code = await server.ended(within=DEADLINE + PATIENCE)
        with anyio.fail_after(PATIENCE):
            assert set(await asyncio.gather(*sockets)) == {GOING_AWAY}
            ends = await asyncio.gather(*streams)
    assert {end.close for end in ends} == {GOING_AWAY}
    assert all(1000 <= end.retry <= 5000 for end in ends)
    assert len({end.retry for end in ends}) > len(ends) / 2
    assert_nothing_went_wrong(server, exit_code)


@pytest.mark.parametrize("kind", KINDS, ids=["lifespan", "program"])
async def test_peers_that_have_stopped_reading_do_not_keep_the_server(
    kind: tuple[str, ...],
) -> None:
    async with (
        ServerProcess.running(*kind) as server,
        asyncio.TaskGroup() as clients,
        RawWebsocket.to(server.port) as socket,
        RawStream.to(server.port) as stream,
    ):
        await socket.open("/socket?as=alice")
        await stream.open("/stream?as=alice")
        crowd = Crowd(server.port)
        reading = [clients.create_task(crowd.socket()) for _ in range(10)]
        await crowd.arrived(10)
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
            flooded = await http.get(f"http://127.0.0.1:{server.port}/flood")
        assert flooded.text == "2.0"
        server.terminate()
        exit_code = await server.ended(within=DEADLINE + CLOSE_TIMEOUT + PATIENCE)
        assert set(await asyncio.gather(*reading)) == {GOING_AWAY}
    assert_nothing_went_wrong(server, exit_code)
