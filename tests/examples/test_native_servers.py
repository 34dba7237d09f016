"""The examples of native servers, with a client of `websockets`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256

import pytest
from websockets.exceptions import InvalidStatus

from examples import native_picows, native_websockets
from gatecast import (
    ApiTokenId,
    notification,
)
from tests.examples.connecting import open_socket
from tests.support.clients import Close
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

TOKEN = ApiTokenId(sha256(b"secret").hexdigest())
WITH_TOKEN = {"Authorization": "Bearer secret"}
WITHOUT_TOKEN = {"Authorization": "Bearer nothing"}


@asynccontextmanager
async def websockets_url() -> AsyncGenerator[str]:
    async with native_websockets.start(0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def picows_url() -> AsyncGenerator[str]:
    async with await native_picows.start(0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_websockets_server_refuses_before_the_upgrade_and_revokes() -> None:
    transport = native_websockets.transport
    async with websockets_url() as url:
        with pytest.raises(InvalidStatus, match="401"):
            async with open_socket(url, WITHOUT_TOKEN):
                pass
        async with open_socket(url, WITH_TOKEN) as client:
            assert transport.broadcast(notification("hello")) == 1
            assert (await client.receive())["method"] == "hello"
            assert transport.close_sockets_for_token(TOKEN) == 1
            assert await client.closed() == Close(4001, "Session revoked")


async def test_a_picows_server_refuses_after_the_upgrade_and_revokes() -> None:
    transport = native_picows.transport
    async with picows_url() as url:
        async with open_socket(url, WITHOUT_TOKEN) as client:
            assert await client.closed() == Close(1008, "Not authenticated")
        async with open_socket(url, WITH_TOKEN) as client:
            await until(transport.is_ready, "the client to be registered")
            assert transport.broadcast(notification("hello")) == 1
            assert (await client.receive())["method"] == "hello"
            assert transport.close_sockets_for_token(TOKEN) == 1
            assert await client.closed() == Close(4001, "Session revoked")
