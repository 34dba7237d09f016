"""The example of a logout, behind a real uvicorn: browsers are clients with a cookie jar."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from examples import fastapi_logout_cookie as example
from tests.examples.connecting import cookie, open_socket
from tests.support.clients import Close, WebsocketClient
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

REVOKED = Close(4001, "Session revoked")


@pytest.fixture(autouse=True)
def no_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example, "sessions", {})


async def post(url: str, session: dict[str, str] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        return await http.post(url, headers=session)


async def login(server: UvicornServer, name: str) -> dict[str, str]:
    answer = await post(f"{server.http_url}/login/{name}")
    assert "HttpOnly" in answer.headers["set-cookie"]
    return cookie(answer.cookies["session"])


def tab(
    server: UvicornServer, session: dict[str, str]
) -> AbstractAsyncContextManager[WebsocketClient]:
    return open_socket(f"{server.http_url}/websocket", session)


async def test_a_logout_closes_every_tab_of_that_session_and_no_other() -> None:
    async with serving(example.app) as server:
        laptop, phone = await login(server, "ada"), await login(server, "ada")
        async with tab(server, laptop) as first, tab(server, laptop) as second, tab(server, phone):
            await post(f"{server.http_url}/logout", laptop)
            assert [await first.closed(), await second.closed()] == [REVOKED, REVOKED]
            assert example.transport.get_connection_count() == 1


async def test_a_logout_everywhere_closes_every_device_of_that_account() -> None:
    async with serving(example.app) as server:
        laptop, phone = await login(server, "ada"), await login(server, "ada")
        grace = await login(server, "grace")
        async with tab(server, laptop) as first, tab(server, phone) as second, tab(server, grace):
            await post(f"{server.http_url}/logout-everywhere", phone)
            assert [await first.closed(), await second.closed()] == [REVOKED, REVOKED]
            assert example.transport.get_connection_count() == 1


@pytest.mark.parametrize("way", ["logout", "logout-everywhere"])
async def test_the_cookie_of_an_ended_session_opens_nothing(way: str) -> None:
    async with serving(example.app) as server:
        session = await login(server, "ada")
        assert (await post(f"{server.http_url}/{way}", session)).status_code == 204
        with pytest.raises(InvalidStatus, match="401"):
            async with tab(server, session):
                pass
        again = await post(f"{server.http_url}/logout-everywhere", session)
        assert again.status_code == 401


async def test_nobody_logs_in_without_an_account() -> None:
    async with serving(example.app) as server:
        answer = await post(f"{server.http_url}/login/mallory")
        assert answer.status_code == 404
