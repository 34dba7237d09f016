"""What the contract suite does not ask, on the ASGI servers other than uvicorn."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from starlette.types import ASGIApp
from websockets.exceptions import InvalidStatus

from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient, JsonrpcRequest, response
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming
from tests.support import granian_server, hypercorn_server
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import note
from tests.support.raw_peer import RawStream
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.all]


@dataclass(frozen=True, slots=True)
class OtherServer:
    """hypercorn or granian, accepting connections."""

    port: int


@asynccontextmanager
async def serving(name: str, app: ASGIApp) -> AsyncGenerator[OtherServer]:
    module = {"granian": granian_server, "hypercorn": hypercorn_server}[name]
    async with module.serving(app) as port:
        yield OtherServer(port)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["hypercorn", "granian"])
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.mark.parametrize(
    ("who", "origin", "status"),
    [("nobody", None, 401), ("alice", "https://evil.example", 403)],
)
async def test_a_websocket_is_refused_with_a_status_before_the_upgrade(
    name: str, who: str, origin: str | None, status: int
) -> None:
    async with serving(name, websocket_app(BackendWebsocketTransport())) as server:
        with pytest.raises(InvalidStatus) as caught:
            async with WebsocketClient.to(server, who, origin=origin):
                pass
        assert caught.value.response.status_code == status


async def test_what_the_app_returns_is_sent_to_the_peer(name: str) -> None:
    async def answer(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        assert isinstance(incoming.message, JsonrpcRequest)
        return response(incoming.message.id, {})

    app = websocket_app(BackendWebsocketTransport(), on_message=answer)
    async with serving(name, app) as server, WebsocketClient.to(server, "alice") as alice:
        for number in range(3):
            await alice.send(f'{{"jsonrpc": "2.0", "id": {number}, "method": "ask"}}')
            assert (await alice.receive())["id"] == number


async def test_what_the_handler_raises_closes_with_1011(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        raise LookupError("a bug of the app")

    app = websocket_app(BackendWebsocketTransport(), on_message=on_message)
    async with serving(name, app) as server, WebsocketClient.to(server, "alice") as alice:
        await alice.send('{"jsonrpc": "2.0", "method": "tell"}')
        assert await alice.closed() == Close(1011, "Internal error")
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    # granian has a logger of its own that hands nothing on.
    assert len(logged) == (1 if name == "hypercorn" else 0)


async def test_a_binary_frame_closes_with_1003(name: str) -> None:
    app = websocket_app(BackendWebsocketTransport())
    async with serving(name, app) as server, WebsocketClient.to(server, "alice") as alice:
        await alice.send(b"\x00")
        assert await alice.closed() == Close(1003, "Text frames only")


async def test_an_idle_stream_is_kept_alive_and_its_end_is_noticed(name: str) -> None:
    transport = BackendSseTransport(keep_alive=0.01)
    async with serving(name, stream_app(transport)) as server:
        async with RawStream.to(server.port) as peer:
            await peer.open("/?as=alice")
            for _ in range(3):
                await peer.receive_until(b": keep-alive\n\n")
            transport.broadcast(note(1))
            await peer.receive_until(b'"number":1,')
        await until(lambda: not transport.is_ready(), "the stream to be removed")


async def test_a_refused_stream_gets_a_status(name: str) -> None:
    async with (
        serving(name, stream_app(BackendSseTransport())) as server,
        StreamClient.to(server, "nobody") as nobody,
    ):
        assert nobody.response.status_code == 401
