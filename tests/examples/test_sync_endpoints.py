"""The example of calls from threads, behind a real uvicorn."""

from __future__ import annotations

import asyncio
from uuid import UUID

import anyio.to_thread
import pytest

from examples import sync_endpoints as example
from gatecast import notification
from gatecast.errors import WrongThreadError
from tests.examples.calling import post
from tests.examples.connecting import open_socket
from tests.support.clients import Close
from tests.support.uvicorn_server import serving

pytestmark = pytest.mark.anyio

ADA = UUID(int=1)


async def test_a_sync_endpoint_broadcasts_and_closes() -> None:
    async with (
        serving(example.app) as server,
        open_socket(f"{server.http_url}/websocket?account={ADA}", {}) as socket,
    ):
        assert (await post(f"{server.http_url}/announce?text=one")).json() == 1
        assert (await socket.receive())["params"] == {"text": "one"}
        assert (await post(f"{server.http_url}/close/{ADA}")).json() == 1
        assert await socket.closed() == Close(4001, "Session revoked")


async def test_a_thread_of_the_apps_own_broadcasts_in_order() -> None:
    async with (
        serving(example.app) as server,
        open_socket(f"{server.http_url}/websocket?account={ADA}", {}) as socket,
    ):
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(example.forward, ["one", "two"], loop)
        assert (await socket.receive())["params"] == {"text": "one"}
        assert (await socket.receive())["params"] == {"text": "two"}


async def test_a_verb_that_is_called_from_a_thread_says_what_to_call_instead() -> None:
    async with (
        serving(example.app) as server,
        open_socket(f"{server.http_url}/websocket?account={ADA}", {}),
    ):
        with pytest.raises(WrongThreadError, match=r"from_thread\.run_sync\(transport\.broadcast"):
            await anyio.to_thread.run_sync(example.transport.broadcast, notification("announced"))
