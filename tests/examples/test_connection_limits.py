"""The example of caps, behind a real uvicorn."""

from __future__ import annotations

from uuid import UUID

import pytest

from examples import connection_limits as example
from tests.examples.connecting import open_socket
from tests.support.clients import Close
from tests.support.uvicorn_server import UvicornServer, serving

pytestmark = pytest.mark.anyio


def url(server: UvicornServer, session: str) -> str:
    return f"{server.http_url}/websocket?account={UUID(int=1)}&session={session}"


async def test_the_fourth_socket_of_an_account_closes_its_oldest() -> None:
    async with (
        serving(example.app) as server,
        open_socket(url(server, "a"), {}) as oldest,
        open_socket(url(server, "a"), {}),
        open_socket(url(server, "b"), {}),
        open_socket(url(server, "b"), {}),
    ):
        assert await oldest.closed() == Close(4429, "Replaced by a newer connection")
        assert example.transport.get_connection_count() == 3


async def test_the_third_socket_of_a_session_is_refused() -> None:
    async with (
        serving(example.app) as server,
        open_socket(url(server, "a"), {}),
        open_socket(url(server, "a"), {}),
        open_socket(url(server, "a"), {}) as third,
    ):
        assert await third.closed() == Close(4429, "Too many connections")
        assert example.transport.get_connection_count() == 2
