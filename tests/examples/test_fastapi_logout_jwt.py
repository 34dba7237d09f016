"""The example of logout with JWTs, behind a real uvicorn."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator

import anyio
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from websockets.exceptions import InvalidStatus

from examples import fastapi_logout_jwt as example
from gatecast import ConnectionIdentity
from tests.examples.calling import post
from tests.examples.connecting import open_socket
from tests.support.clients import Close, WebsocketClient
from tests.support.uvicorn_server import UvicornServer, serving

pytestmark = pytest.mark.anyio

REVOKED = Close(4001, "Session revoked")
ADA = example.accounts["ada"]


@pytest.fixture(autouse=True)
def nothing_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example, "revoked", set[str]())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def jti(token: str) -> str:
    claims = example.decode(token)
    assert claims is not None
    return claims.jti


async def token_from(url: str, token: str = "none yet") -> str:
    answer: dict[str, str] = (await post(url, bearer(token))).json()
    return answer["token"]


async def refresh(server: UvicornServer, socket: WebsocketClient, token: str) -> str:
    """Get the next token and tell the socket."""
    new = await token_from(f"{server.http_url}/refresh", token)
    assert await offer(socket, new) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    return new


async def offer(socket: WebsocketClient, token: str) -> dict[str, object]:
    params = {"token": token}
    message = {"jsonrpc": "2.0", "id": 1, "method": "token.refresh", "params": params}
    await socket.send(json.dumps(message))
    return await socket.receive()


async def test_a_logout_closes_the_sockets_of_that_login_whatever_their_tokens() -> None:
    async with serving(example.app) as server:
        url, path = server.http_url, f"{server.http_url}/websocket"
        first = await token_from(f"{url}/login/ada")
        other = await token_from(f"{url}/login/ada")
        async with (
            open_socket(path, bearer(first)) as old_tab,
            open_socket(path, bearer(first)) as tab,
            open_socket(path, bearer(other)),
        ):
            second = await refresh(server, tab, first)
            assert (await post(f"{url}/logout", bearer(second))).status_code == 204
            assert [await old_tab.closed(), await tab.closed()] == [REVOKED, REVOKED]
            assert example.transport.get_connection_count() == 1
        for token in (first, second):
            with pytest.raises(InvalidStatus, match="401"):
                async with open_socket(path, bearer(token)):
                    pass


async def test_after_a_refresh_the_new_token_closes_the_socket_and_the_old_one_does_not() -> None:
    async with serving(example.app) as server:
        url = server.http_url
        first = await token_from(f"{url}/login/ada")
        async with open_socket(f"{url}/websocket", bearer(first)) as socket:
            second = await refresh(server, socket, first)
            revoke = [f"{url}/tokens/{jti(token)}/revoke" for token in (first, second)]
            assert (await post(revoke[0], bearer(second))).json() == 0
            assert (await post(revoke[1], bearer(second))).json() == 1
            assert await socket.closed() == REVOKED


async def test_a_token_that_is_not_refreshed_closes_its_socket_when_it_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(example.app) as server:
        url = server.http_url
        monkeypatch.setattr(example, "LIFETIME", 2.0)
        token = await token_from(f"{url}/login/ada")
        monkeypatch.setattr(example, "LIFETIME", 600.0)
        async with (
            open_socket(f"{url}/websocket", bearer(token)) as refreshed,
            open_socket(f"{url}/websocket", bearer(token)) as forgotten,
        ):
            new = await refresh(server, refreshed, token)
            assert await forgotten.closed() == Close(4001, "Credential expired")
            assert "result" in await offer(refreshed, new), "it is still open"


@pytest.mark.parametrize("kind", ["another login's", "revoked", "forged", "expired"])
async def test_a_socket_takes_no_other_token(kind: str) -> None:
    async with serving(example.app) as server:
        login = f"{server.http_url}/login/ada"
        token, other = await token_from(login), await token_from(login)
        claims = example.decode(token)
        assert claims is not None
        example.revoked.add("revoked")
        bad = {
            "another login's": other,
            "revoked": example.encode(claims.model_copy(update={"jti": "revoked"})),
            "forged": f"{token[:-5]}AAAAA",
            "expired": example.encode(claims.model_copy(update={"exp": time.time()})),
        }
        async with open_socket(f"{server.http_url}/websocket", bearer(token)) as socket:
            error = (await offer(socket, bad[kind]))["error"]
            assert error == {"code": -32602, "message": "not a valid token of this login"}
            assert "result" in await offer(socket, token), "it is still open"


async def test_a_token_that_is_revoked_during_its_refresh_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answered = anyio.Event(), anyio.Event()
    identity_of = example.identity_of

    async def slowly(token: str) -> object:
        identity = await identity_of(token)
        asked.set()
        await answered.wait()
        return identity

    async with serving(example.app) as server:
        first = await token_from(f"{server.http_url}/login/ada")
        second = await token_from(f"{server.http_url}/refresh", first)
        async with open_socket(f"{server.http_url}/websocket", bearer(first)) as socket:
            monkeypatch.setattr(example, "identity_of", slowly)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(expect_refusal, socket, second)
                await asked.wait()
                await example.revoke_token(jti(second), ConnectionIdentity(ADA))
                answered.set()


async def expect_refusal(socket: WebsocketClient, token: str) -> None:
    assert "error" in await offer(socket, token)


async def test_a_dependency_that_yields_is_left_only_after_the_background_tasks() -> None:
    """Why the guide says to commit in the endpoint itself."""
    order: list[str] = []
    app = FastAPI()

    async def database() -> AsyncGenerator[None]:
        yield
        order.append("left the dependency")

    async def close() -> None:
        order.append("background task")

    @app.post("/")
    async def endpoint(background: BackgroundTasks, _: None = Depends(database)) -> None:
        background.add_task(close)
        order.append("endpoint")

    async with serving(app) as server:
        await post(f"{server.http_url}/")
        await server.is_idle()
    assert order == ["endpoint", "background task", "left the dependency"]
