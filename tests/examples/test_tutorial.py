"""The tutorial, step by step: its app in a real uvicorn, and what its commands print."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.abc
import httpx
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from examples import tutorial
from tests.examples.calling import post
from tests.examples.connecting import cookie
from tests.packages import ROOT
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def fresh_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutorial, "sessions", dict(tutorial.sessions))


class Terminal:
    """What one command of the tutorial has printed so far."""

    def __init__(self, output: anyio.abc.ByteReceiveStream) -> None:
        self._output = BufferedByteReceiveStream(output)

    async def until(self, end: str) -> str:
        """What it prints up to and with `end`."""
        with anyio.fail_after(PATIENCE):
            return (await self._output.receive_until(end.encode(), 65536)).decode() + end


@asynccontextmanager
async def client(server: UvicornServer, token: str) -> AsyncGenerator[Terminal]:
    """`python tutorial_client.py …`."""
    command = [sys.executable, str(ROOT / "examples" / "tutorial_client.py")]
    async with await anyio.open_process([*command, f"{server.ws_url}/websocket", token]) as process:
        assert process.stdout is not None
        try:
            yield Terminal(process.stdout)
        finally:
            process.terminate()


@asynccontextmanager
async def curl(server: UvicornServer, token: str) -> AsyncGenerator[Terminal]:
    """`curl -N --cookie session=… …/sse`."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
        http.stream("GET", f"{server.http_url}/sse", headers=cookie(token)) as response,
    ):
        yield Terminal(Body(response))


class Body(anyio.abc.ByteReceiveStream):
    """The body of a response, as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self._chunks = response.aiter_raw()

    async def receive(self, max_bytes: int = 65536) -> bytes:
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """The response is closed by whoever opened it."""


async def test_the_commands_print_what_the_tutorial_shows() -> None:
    async with (
        serving(tutorial.app) as server,
        client(server, "ada-laptop") as socket,
        curl(server, "ada-laptop") as stream,
        client(server, "grace-phone") as grace,
    ):
        url = server.http_url
        shown = [await socket.until("connected\n"), await stream.until("connected\n\n")]
        await grace.until("connected\n")
        engines = "/notices/engines?text=Steam%20is%20up"
        assert (await post(f"{url}{engines}")).text == "3"
        assert f"curl -X POST 'http://127.0.0.1:8000{engines}'" in PAGE
        shown += [await socket.until("}}\n"), await stream.until("}}\n\n")]
        assert "Steam is up" in await grace.until("}}\n")
        assert (await post(f"{url}/notices/poetry?text=New%20poem")).text == "2"
        assert (await post(f"{url}/logout", cookie("ada-laptop"))).text == "2"
        await stream.until("}}\n\n")
        await socket.until("}}\n")
        shown += [await socket.until("revoked\n"), await stream.until("}\n\n")]
        assert tutorial.everyone.get_connection_count() == 1, "Grace is still there"
        assert [each for each in shown if each.strip() not in PAGE] == []


@pytest.mark.parametrize("token", ["somebody", "ada-laptop"])
async def test_without_a_session_nobody_is_let_in(token: str) -> None:
    async with serving(tutorial.app) as server, httpx.AsyncClient(trust_env=False) as http:
        await post(f"{server.http_url}/logout", cookie("ada-laptop"))
        answer = await http.get(f"{server.http_url}/sse", headers=cookie(token), timeout=PATIENCE)
        assert (answer.status_code, answer.text) == (401, "Not authenticated")
        assert answer.text in PAGE
