"""The example of a cluster, as two workers of one uvicorn over a real Redis."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import anyio
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.examples.connecting import cookie, open_socket
from tests.packages import ROOT
from tests.support.clients import Close, WebsocketClient
from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerProcess
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

REVOKED = Close(4001, "Session revoked")


class Workers:
    """Two processes behind one address; each new connection gets to either."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.url = str(http.base_url)

    async def post(self, path: str, session: str = "", body: object = None) -> httpx.Response:
        return await self._http.post(path, headers=cookie(session), json=body)

    async def login(self, name: str) -> tuple[str, str]:
        """A session, and the account that it is of."""
        answer = await self.post(f"/login/{name}")
        self._http.cookies.clear()
        return answer.cookies["session"], answer.json()

    async def health(self) -> httpx.Response:
        return await self._http.get("/health")

    async def are_healthy(self) -> None:
        """Wait until both say so."""
        healthy: set[str] = set()
        with anyio.fail_after(4 * PATIENCE):
            while len(healthy) < 2:
                # The port is there before the workers are.
                with suppress(httpx.ConnectError):
                    answer = await self.health()
                    if answer.status_code == 200:
                        healthy.add(answer.json()["node"])
                await anyio.sleep(0.01)

    @asynccontextmanager
    async def tabs(self, session: str) -> AsyncGenerator[list[WebsocketClient]]:
        """Sockets of one session, as many as it takes until both workers have some."""
        tabs: list[WebsocketClient] = []
        counts: dict[str, int] = {}
        async with AsyncExitStack() as stack:
            with anyio.fail_after(2 * PATIENCE):
                while len([count for count in counts.values() if count]) < 2:
                    tab = open_socket(f"{self.url}/websocket", cookie(session))
                    tabs.append(await stack.enter_async_context(tab))
                    health = (await self.health()).json()
                    counts[health["node"]] = health["connections"]
            yield tabs


@asynccontextmanager
async def workers(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Workers]:
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{redis.port}")
    command = ("-m", "uvicorn", "examples.cluster:app", "--workers", "2", "--port", "0")
    async with (
        ServerProcess.running(*command) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            # A connection that is kept would lead to the same worker again.
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=2 * PATIENCE,
            trust_env=False,
        ) as http,
    ):
        both = Workers(http)
        try:
            await both.are_healthy()
            yield both
        finally:
            # Killed, it would leave its workers behind.
            server.terminate()
            await server.ended(3 * PATIENCE)


def test_the_readme_shows_lines_of_the_example() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"```python\n(cluster = .*?)```", readme, re.DOTALL)
    example = (ROOT / "examples" / "cluster.py").read_text("utf-8")
    assert all(line in example for line in shown.splitlines() if line != "...")


async def test_a_logout_on_one_worker_closes_the_sockets_of_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with RedisServer.running() as redis, workers(redis, monkeypatch) as both:
        (laptop, _), (phone, account) = await both.login("ada"), await both.login("ada")
        async with both.tabs(laptop) as tabs, both.tabs(phone) as others:
            assert (await both.post("/logout", laptop)).status_code == 204
            assert {await tab.closed() for tab in tabs} == {REVOKED}
            assert (await both.post("/announce?text=hello", body=[account])).status_code == 202
            for other in others:
                assert (await other.receive())["params"] == {"text": "hello"}
        with pytest.raises(InvalidStatus, match="401"):
            async with open_socket(f"{both.url}/websocket", cookie(laptop)):
                pass


async def test_a_policy_lets_only_the_readers_see_a_message_on_both_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with RedisServer.running() as redis, workers(redis, monkeypatch) as both:
        (ada, reader), (grace, other) = await both.login("ada"), await both.login("grace")
        async with both.tabs(ada) as reading, both.tabs(grace) as not_reading:
            await both.post("/announce?text=secret", body=[reader])
            await both.post("/announce?text=public", body=[reader, other])
            for tab in reading:
                assert (await tab.receive())["params"] == {"text": "secret"}
            for tab in not_reading:
                assert (await tab.receive())["params"] == {"text": "public"}


async def test_without_redis_a_logout_says_so_and_health_is_503_and_both_recover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        RedisServer.running(durable=True) as redis,
        workers(redis, monkeypatch) as both,
    ):
        session, account = await both.login("ada")
        await redis.kill()
        answer = await both.post("/logout", session)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await both.post("/announce?text=lost", body=[account])).status_code == 503
        with anyio.fail_after(2 * PATIENCE):
            while (await both.health()).status_code != 503:  # noqa: ASYNC110
                await anyio.sleep(0.01)
        await redis.start()
        await both.are_healthy()
        assert (await both.post("/logout", session)).status_code == 204
