"""Draining behind real servers: what still goes out, and what newcomers are told (LIF-2)."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint

from gatecast.errors import InvalidLimitError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcNotification
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.native_servers import Serving
from tests.support.people import note
from tests.support.raw_peer import RawStream, RawWebsocket
from tests.support.uvicorn_server import serving as serving_uvicorn
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

LARGE = 256 * 1024
UNBOUNDED = OutboxLimits(max_messages=10_000, max_bytes=10**12)
FLOOD = 64
"""This many large messages are more than the kernel takes for a peer that doesn't read."""


async def flood(broadcast: Callable[[JsonrpcNotification], int]) -> None:
    for number in range(FLOOD):
        assert broadcast(note(number, LARGE)) == 1
        await checkpoint()


async def test_what_waits_for_a_socket_goes_out_before_it_is_closed(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place, limits=UNBOUNDED)
    async with (
        serving_uvicorn(websocket_app(transport), ws=ws) as server,
        RawWebsocket.to(server.port) as peer,
        anyio.create_task_group() as tasks,
    ):
        await peer.open("/?as=alice")
        await flood(transport.broadcast)
        (connection,) = transport.get_connections()
        assert connection.handle.pending > 0
        tasks.start_soon(lambda: transport.drain(deadline=4 * PATIENCE))
        texts, code = await peer.texts_until_closed()
        assert (len(texts), code) == (FLOOD, 1001)


async def test_what_waits_for_a_stream_goes_out_before_it_is_closed(
    http: str, in_place: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place, limits=UNBOUNDED)
    async with (
        serving_uvicorn(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
        anyio.create_task_group() as tasks,
    ):
        await peer.open("/?as=alice")
        await flood(transport.broadcast)
        (connection,) = transport.get_connections()
        assert connection.handle.pending > 0
        tasks.start_soon(lambda: transport.drain(deadline=4 * PATIENCE))
        received = await peer.receive_until(b"\r\n0\r\n\r\n")
        assert received.count(b'"number":') == FLOOD
        assert b'event: close\ndata: {"code": 1001, "reason": "Going away"}' in received[-200:]


async def test_nothing_is_pending_in_a_handle_whose_peer_keeps_up(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with (
        serving_uvicorn(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        for number in range(3):
            transport.broadcast(note(number))
        assert [await alice.number() for _ in range(3)] == [0, 1, 2]
        (connection,) = transport.get_connections()
        assert connection.handle.pending == 0


async def nobody_is_asked(asking: object) -> None:
    raise AssertionError("identify was called")


async def test_a_socket_that_comes_while_draining_is_refused_with_503(ws: str) -> None:
    transport = BackendWebsocketTransport[ConnectionIdentity]()
    app = websocket_app(transport, identify=nobody_is_asked)
    async with serving_uvicorn(app, ws=ws) as server, RawWebsocket.to(server.port) as peer:
        assert await transport.drain() == 0
        await peer.ask("/?as=alice")
        answer = await peer.receive_all()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5\r\n" in answer.lower()


async def test_a_stream_that_comes_while_draining_is_told_to_come_back_later(http: str) -> None:
    # Not with 503: after any status but 200 a browser's EventSource gives up for good.
    transport = BackendSseTransport()
    async with (
        serving_uvicorn(stream_app(transport), http=http) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        assert await transport.drain() == 0
        answer = await client.get(server.http_url, params={"as": "alice"})
        assert answer.status_code == 200
        assert 'data: {"code": 1001, "reason": "Going away"}\nretry: ' in answer.text


async def test_a_native_server_refuses_with_503_while_draining(serving: Serving) -> None:
    async with (
        serving(identify=nobody_is_asked) as server,
        RawWebsocket.to(server.port) as peer,
    ):
        assert await server.transport.drain() == 0
        await peer.ask("/?as=alice")
        answer = await peer.receive_until(b"Going away")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5\r\n" in answer.lower()


@pytest.mark.parametrize(
    ("code", "retry"), [(1001, 2500), (1012, 2500), (1013, 2500), (1011, None), (4001, None)]
)
async def test_a_stream_is_told_when_to_come_back_to_a_server_that_goes(
    http: str, code: int, retry: int | None
) -> None:
    transport = BackendSseTransport(retry_spread=9.0, uniform=lambda low, high: (low + high) / 4)
    async with (
        serving_uvicorn(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        transport.close_where(lambda _: True, code=code, reason="Leave")
        event = await alice.event()
        assert (event.event, event.retry) == ("close", retry)
        assert Close(**event.json()) == (code, "Leave")


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
async def test_a_spread_must_be_above_zero(seconds: float) -> None:
    with pytest.raises(InvalidLimitError, match="retry_spread"):
        BackendSseTransport(retry_spread=seconds)
