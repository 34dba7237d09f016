"""The demo's server, as a person at a terminal and a program without a page meet it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import httpx
import pytest

from examples.demo.app import Demo
from examples.demo.server import listen
from tests.examples.connecting import cookie, open_socket, open_stream
from tests.packages import ROOT, ROOTS
from tests.support.clients import Close
from tests.support.uvicorn_server import serving
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio


@contextmanager
def demo_process() -> Generator[tuple[subprocess.Popen[str], str]]:
    """The demo as `make demo` starts it, and its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "examples.demo", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, ROOTS))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


async def request(method: str, url: str, body: object = None) -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        return await http.request(method, url, json=body)


async def secret_of_ada(url: str) -> str:
    """What Ada's laptop presents."""
    state = (await request("GET", f"{url}/state")).json()
    secret: str = state["accounts"][0]["credentials"][0]["secret"]
    return secret


async def test_ctrl_c_closes_open_sockets_and_streams_and_ends_the_process() -> None:
    with demo_process() as (process, url):
        session = cookie(await secret_of_ada(url))
        async with (
            open_socket(f"{url}/websocket", session) as socket,
            open_stream(f"{url}/sse", session) as stream,
        ):
            process.send_signal(signal.SIGINT)
            assert await socket.closed() == Close(1001, "Server shutting down")
            assert await stream.closed() == Close(1001, "Server shutting down")
        _, errors = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=PATIENCE))
        assert (process.returncode, errors) == (0, "")


def test_another_port_is_taken_where_the_wanted_one_is_in_use() -> None:
    with listen(0) as first:
        port: int = first.getsockname()[1]
        with listen(port) as second:
            assert second.getsockname()[1] not in {0, port}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/messages/everyone", {"text": ""}, 422),
        ("POST", "/messages/everyone", {"text": "x" * 201}, 422),
        ("POST", "/messages/everyone", None, 422),
        ("POST", "/messages/accounts/mallory", {"text": "x"}, 404),
        ("POST", "/messages/rules/everybody", {"text": "x"}, 404),
        ("DELETE", "/sessions/ada-backup-bot", None, 404),
        ("DELETE", "/tokens/ada-laptop", None, 404),
        ("GET", "/sse", None, 401),
    ],
)
async def test_a_bad_request_is_answered_with_its_status(
    method: str, path: str, body: object, status: int
) -> None:
    async with serving(Demo().app) as server:
        answer = await request(method, server.http_url + path, body)
        assert answer.status_code == status, answer.text


async def test_starting_over_closes_everything_and_gives_out_other_secrets() -> None:
    async with serving(Demo().app) as server:
        before = await secret_of_ada(server.http_url)
        async with open_socket(f"{server.http_url}/websocket", cookie(before)) as socket:
            await request("POST", f"{server.http_url}/start-over")
            assert await socket.closed() == Close(1000, "The demo starts over")
        assert await secret_of_ada(server.http_url) != before
