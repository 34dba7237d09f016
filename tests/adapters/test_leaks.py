"""Nothing grows with connections that have gone, however many: memory, tasks, sockets."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import pytest

from gatecast.connections.connection import Connection
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, WebsocketHandle
from tests.support.apps import websocket_app
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import RawWebsocket
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

Transport = BackendWebsocketTransport

GROWTH = 1024 * 1024
"""Bytes that the memory may differ by, whatever the rounds: ten for each of a hundred thousand."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def rounds(server: UvicornServer, transport: Transport, count: int) -> None:
    """Connect, receive, and leave: revoked, closed or vanished in turn."""
    for number in range(count):
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            assert transport.broadcast(note(number)) == 1
            await peer.texts(1)
            if number % 3 == 0:
                assert transport.close_sockets_for_session(ALICE_SESSION) == 1
                assert await peer.texts_until_closed() == ([], 4001)
            elif number % 3 == 1:
                peer.vanish()
        await server.is_idle()


async def growth(count: int) -> tuple[int, int]:
    """Bytes and tasks that `count` rounds have left behind, after some to warm up."""
    transport = BackendWebsocketTransport(close_timeout=1.0)
    handles = _handles()
    async with serving(websocket_app(transport)) as server:
        await rounds(server, transport, 100)
        tracemalloc.start()
        try:
            before, tasks = await _memory(handles), len(asyncio.all_tasks())
            await rounds(server, transport, count)
            return await _memory(handles) - before, len(asyncio.all_tasks()) - tasks
        finally:
            tracemalloc.stop()


async def _memory(handles: int) -> int:
    # Until its peer's time to take the close is over, a deadline holds the handle (REV-7).
    await until(lambda: _handles() <= handles, "the deadlines of closed connections to pass")
    return tracemalloc.get_traced_memory()[0]


def _handles() -> int:
    """How many handles there are, those that other tests keep included."""
    gc.collect()
    # Of its type, since some of all objects are proxies of what is gone.
    return sum(issubclass(type(each), WebsocketHandle) for each in gc.get_objects())


def _ours() -> int:
    """How many connections and identities there are, those that other tests keep included."""
    gc.collect()
    # Of its type, since some of all objects are proxies of what is gone.
    return sum(issubclass(type(each), Connection | ConnectionIdentity) for each in gc.get_objects())


async def test_rounds_leave_neither_objects_nor_tasks_behind() -> None:
    transport = BackendWebsocketTransport()
    async with serving(websocket_app(transport)) as server:
        tasks, ours = len(asyncio.all_tasks()), _ours()
        await rounds(server, transport, 100)
        assert _ours() <= ours
        assert len(asyncio.all_tasks()) == tasks


@pytest.mark.long
async def test_a_hundred_thousand_rounds_leave_no_more_behind_than_a_few() -> None:
    memory, tasks = await growth(100_000)
    assert memory < GROWTH
    assert tasks == 0
