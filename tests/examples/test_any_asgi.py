"""The examples beside any framework: a socket and a stream, and a logout that ends both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib import import_module
from typing import Any, cast
from uuid import UUID

import pytest
from starlette.types import ASGIApp
from websockets.exceptions import InvalidStatus

from gatecast import ConnectionIdentity, TransportGroup, notification
from tests.examples.calling import post
from tests.examples.connecting import cookie, open_socket, open_stream
from tests.support.clients import Close
from tests.support.uvicorn_server import serving
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.anyio

REVOKED = Close(4001, "Session revoked")
SESSION = sha256(b"secret").hexdigest()


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncGenerator[None]:
    """Have the app start and stop, as every server does."""
    events: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    answers: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    living = asyncio.ensure_future(app({"type": "lifespan"}, events.get, answers.put))
    for phase in ("startup", "shutdown"):
        await events.put({"type": f"lifespan.{phase}"})
        answer = await asyncio.wait_for(answers.get(), PATIENCE)
        assert answer["type"] == f"lifespan.{phase}.complete", answer
        if phase == "startup":
            yield
    await living


async def log_out(app: ASGIApp, everyone: TransportGroup[ConnectionIdentity], stream: str) -> None:
    """Open one connection of each kind, and end the session that both belong to."""
    async with serving(app) as server:
        with pytest.raises(InvalidStatus, match="401"):
            async with open_socket(f"{server.http_url}/live", cookie("wrong")):
                pass
        async with (
            open_socket(f"{server.http_url}/live", cookie("secret")) as alice,
            open_stream(f"{server.http_url}{stream}", cookie("secret")) as reader,
        ):
            await until(lambda: everyone.get_connection_count() == 2, "both connections")
            assert everyone.broadcast(notification("hello")) == 2
            assert (await alice.receive())["method"] == "hello"
            assert (await reader.event()).json()["method"] == "hello"
            assert (await post(f"{server.http_url}/logout", cookie("secret"))).text == "2"
            assert await alice.closed() == REVOKED
            assert await reader.closed() == REVOKED
        await server.is_idle()


@pytest.fixture(autouse=True)
def logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example begins with one session."""
    for name in ("live", "litestar_app"):
        sessions = import_module(f"examples.any_asgi.{name}").sessions
        monkeypatch.setitem(sessions, SESSION, UUID(int=1))


@pytest.mark.parametrize("name", ["plain_app", "django_app"])
async def test_a_logout_ends_sockets_and_streams_beside_any_app(name: str) -> None:
    example = import_module(f"examples.any_asgi.{name}")
    await log_out(example.app, import_module("examples.any_asgi.live").everyone, "/live")


@pytest.mark.all
@pytest.mark.parametrize("name", ["quart_app", "sanic_app"])
async def test_a_logout_ends_sockets_and_streams_beside_a_framework(name: str) -> None:
    app = cast(ASGIApp, import_module(f"examples.any_asgi.{name}").app)
    async with started(app):
        await log_out(app, import_module("examples.any_asgi.live").everyone, "/live")


async def test_a_logout_ends_sockets_and_streams_of_litestar() -> None:
    example = import_module("examples.any_asgi.litestar_app")
    await log_out(example.app, example.everyone, "/events")
