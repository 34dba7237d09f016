"""Starlette on trio, behind hypercorn: messages, drains and expiries need no asyncio."""

from __future__ import annotations

import json
import time

import anyio
import httpx
import pytest
from anyio.to_thread import run_sync
from httpx_sse import EventSource
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gatecast.identity.ids import TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close
from tests.support.hypercorn_server import serving
from tests.support.people import ALICE, note
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

GOING_AWAY = Close(1001, "Going away")
EXPIRED = Close(4001, "Credential expired")


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


async def identify(asking: object) -> ConnectionIdentity:
    return ConnectionIdentity(ALICE, expires_at=time.time() + 0.2)


async def identify_stream(asking: object) -> SseIdentity:
    return SseIdentity(ALICE, TokenHash("alice"), expires_at=time.time() + 0.2)


def read_socket(port: int) -> tuple[list[str], Close]:
    """Be a client that needs no event loop: the messages, and the close."""
    messages: list[str] = []
    with connect(
        f"ws://127.0.0.1:{port}/?as=alice", proxy=None, open_timeout=PATIENCE
    ) as connection:
        try:
            while True:
                messages.append(str(connection.recv(timeout=PATIENCE)))
        except ConnectionClosed:
            return messages, Close(connection.close_code or 1006, connection.close_reason or "")


async def read_stream(port: int) -> tuple[list[str], Close]:
    """As `read_socket`, for a stream."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/", params={"as": "alice"}) as response,
    ):
        *events, close = [event async for event in EventSource(response).aiter_sse()]
    assert close.event == "close"
    return [event.data for event in events], Close(**close.json())


async def broadcast_and_drain(
    transport: BackendWebsocketTransport | BackendSseTransport,
) -> None:
    """Send five notes in one turn to whoever comes first, and then close."""
    with anyio.fail_after(PATIENCE):
        while not transport.is_ready():  # noqa: ASYNC110  # it is bounded
            await anyio.sleep(0.001)
    for number in range(5):
        assert transport.broadcast(note(number)) == 1
    await transport.drain()


def assert_five_notes(messages: list[str]) -> None:
    assert [json.loads(message)["params"]["number"] for message in messages] == list(range(5))


async def test_a_socket_gets_each_message_before_it_is_drained() -> None:
    transport = BackendWebsocketTransport()
    async with (
        serving(websocket_app(transport)) as port,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(broadcast_and_drain, transport)
        messages, close = await run_sync(read_socket, port)
        assert_five_notes(messages)
        assert close == GOING_AWAY


async def test_a_stream_gets_each_message_before_it_is_drained() -> None:
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport)) as port,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(broadcast_and_drain, transport)
        messages, close = await read_stream(port)
        assert_five_notes(messages)
        assert close == GOING_AWAY


async def test_a_socket_is_closed_when_its_credential_expires() -> None:
    transport = BackendWebsocketTransport()
    async with serving(websocket_app(transport, identify=identify)) as port:
        assert await run_sync(read_socket, port) == ([], EXPIRED)
        assert not transport.is_ready()


async def test_a_stream_is_closed_when_its_credential_expires() -> None:
    transport = BackendSseTransport()
    async with serving(stream_app(transport, identify=identify_stream)) as port:
        assert await read_stream(port) == ([], EXPIRED)
        assert not transport.is_ready()
