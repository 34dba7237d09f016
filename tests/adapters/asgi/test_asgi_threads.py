"""Both ASGI adapters with other threads, and with one event loop after another (SHP-2)."""

from __future__ import annotations

import threading

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI, Request, WebSocket

from gatecast.errors import WrongThreadError
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity, SseStream
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import ALICE, ALICE_SESSION, identify, identify_stream, note
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("quiet_log")


def app_with_sync_endpoints(
    sockets: BackendWebsocketTransport[ConnectionIdentity],
    streams: BackendSseTransport[SseIdentity],
) -> FastAPI:
    """An app that logs out in a worker thread, the wrong way and the right one."""
    app = FastAPI()

    @app.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        await sockets.serve(websocket, identify=identify)

    @app.get("/", response_model=None)
    async def stream(request: Request) -> SseStream[SseIdentity]:
        return streams.serve(request, identify=identify_stream)

    @app.post("/wrong")
    def log_out_from_here() -> list[str]:
        refusals: list[str] = []
        for transport in (sockets, streams):
            try:
                transport.close_sockets_for_session(ALICE_SESSION)
            except WrongThreadError as error:
                refusals.append(str(error))
        return refusals

    @app.post("/right")
    def log_out_by_the_event_loop() -> list[int]:
        return [
            anyio.from_thread.run_sync(transport.close_sockets_for_session, ALICE_SESSION)
            for transport in (sockets, streams)
        ]

    return app


async def _post(server: UvicornServer, path: str) -> object:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=False) as client:
        return (await client.post(f"{server.http_url}{path}")).json()


@pytest.mark.anyio
async def test_a_sync_endpoint_is_told_the_way_and_the_way_works() -> None:
    sockets, streams = BackendWebsocketTransport(), BackendSseTransport()
    async with (
        serving(app_with_sync_endpoints(sockets, streams)) as server,
        WebsocketClient.to(server, "alice") as socket,
        StreamClient.to(server, "alice") as stream,
    ):
        await until(lambda: sockets.is_ready() and streams.is_ready(), "both connections")
        refusals = await _post(server, "/wrong")
        told = "anyio.from_thread.run_sync(transport.close_sockets_for_session, ...)"
        assert str(refusals).count(told) == 2
        assert await _post(server, "/right") == [1, 1]
        assert await socket.closed() == Close(4001, "Session revoked")
        assert await stream.closed() == Close(4001, "Session revoked")


@pytest.mark.anyio
async def test_a_worker_thread_may_ask_who_is_connected_but_not_send() -> None:
    transport = BackendWebsocketTransport()

    def work() -> None:
        assert transport.is_ready()
        assert transport.get_connection_count() == 1
        with pytest.raises(WrongThreadError, match="from_thread"):
            transport.broadcast(note(1))
        with pytest.raises(WrongThreadError, match="from_thread"):
            transport.send_to_account(ALICE, note(1))
        assert anyio.from_thread.run_sync(transport.broadcast, note(2)) == 1

    async with (
        serving(websocket_app(transport)) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await anyio.to_thread.run_sync(work)
        assert await alice.number() == 2


def test_one_transport_serves_one_event_loop_after_another(in_place: bool) -> None:
    sockets = BackendWebsocketTransport(in_place=in_place)
    streams = BackendSseTransport(in_place=in_place)

    async def serve_once() -> None:
        async with (
            serving(websocket_app(sockets)) as server,
            WebsocketClient.to(server, "alice") as alice,
        ):
            assert sockets.broadcast(note(1)) == 1
            assert await alice.number() == 1
        async with (
            serving(stream_app(streams)) as server,
            StreamClient.to(server, "alice") as one,
        ):
            await until(streams.is_ready, "the stream")
            for number in range(3):
                assert streams.broadcast(note(number)) == 1
            assert [await one.number() for _ in range(3)] == [0, 1, 2]
            # A turn of this event loop is left unfinished.
            streams.broadcast(note(4))

    anyio.run(serve_once)
    anyio.run(serve_once)
    thread = threading.Thread(target=anyio.run, args=[serve_once])
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert (sockets.get_connection_count(), streams.get_connection_count()) == (0, 0)
