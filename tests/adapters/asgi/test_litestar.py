"""What is Litestar's own: how a peer is refused, and that a frame goes out in place."""

from __future__ import annotations

import asyncio

import anyio
import httpx
import pytest
from litestar import Litestar, websocket
from litestar.exceptions import HTTPException
from websockets.exceptions import InvalidStatus

from gatecast.errors import AlreadyAcceptedError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient, response
from gatecast_adapters.litestar_asgi import (
    AnyRequest,
    AnyWebSocket,
    Incoming,
    LitestarSseTransport,
    LitestarWebsocketTransport,
    SseIdentity,
)
from tests.support.asgi_apps import (
    as_app,
    identify_socket,
    litestar_stream_app,
    litestar_websocket_app,
)
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import RawWebsocket
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def refused(server: UvicornServer, name: str, *, origin: str | None = None) -> InvalidStatus:
    with anyio.fail_after(PATIENCE), pytest.raises(InvalidStatus) as caught:
        async with WebsocketClient.to(server, name, origin=origin):
            pass
    await server.is_idle()
    return caught.value


async def status_of(server: UvicornServer, path: str, **headers: str) -> int:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=False) as client:
        return (await client.get(f"{server.http_url}{path}", headers=headers)).status_code


async def test_a_broadcast_to_websockets_that_read_starts_no_task(ws: str) -> None:
    transport = LitestarWebsocketTransport()
    async with (
        serving(litestar_websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        tasks = asyncio.all_tasks()
        assert transport.broadcast(note(1)) == 1
        assert asyncio.all_tasks() == tasks
        assert await alice.number() == 1


async def test_a_broadcast_to_streams_that_read_starts_no_task(http: str) -> None:
    transport = LitestarSseTransport()
    async with (
        serving(litestar_stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        tasks = asyncio.all_tasks()
        assert transport.broadcast(note(1)) == 1
        assert asyncio.all_tasks() == tasks
        assert await alice.number() == 1


async def test_what_a_peer_sends_is_answered(ws: str) -> None:
    async def on_message(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        return response(7, {"account": str(incoming.identity.account_id)})

    transport = LitestarWebsocketTransport()
    app = litestar_websocket_app(transport, on_message=on_message)
    async with serving(app, ws=ws) as server, WebsocketClient.to(server, "alice") as alice:
        await alice.send('{"jsonrpc": "2.0", "id": 7, "method": "ask"}')
        assert (await alice.receive())["id"] == 7


async def test_who_is_not_identified_gets_401(ws: str) -> None:
    async with serving(litestar_websocket_app(LitestarWebsocketTransport()), ws=ws) as server:
        answer = (await refused(server, "nobody")).response
        assert (answer.status_code, answer.body) == (401, b"Not authenticated")
    async with serving(litestar_stream_app(LitestarSseTransport())) as server:
        assert await status_of(server, "/?as=nobody") == 401


async def test_a_foreign_origin_gets_403(ws: str) -> None:
    async with serving(litestar_websocket_app(LitestarWebsocketTransport()), ws=ws) as server:
        answer = (await refused(server, "alice", origin="https://evil.test")).response
        assert answer.status_code == 403
    async with serving(litestar_stream_app(LitestarSseTransport())) as server:
        assert await status_of(server, "/?as=alice", origin="https://evil.test") == 403


async def test_an_http_exception_of_identify_is_the_answer(ws: str) -> None:
    async def blocked(socket: AnyWebSocket) -> None:
        raise HTTPException(status_code=429, detail="Later", headers={"Retry-After": "7"})

    app = litestar_websocket_app(LitestarWebsocketTransport(), identify=blocked)
    async with serving(app, ws=ws) as server:
        answer = (await refused(server, "alice")).response
        assert (answer.status_code, answer.body) == (429, b"Later")
        assert answer.headers["Retry-After"] == "7"


async def test_an_http_exception_of_identify_is_the_answer_to_a_stream(
    http: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def blocked(request: AnyRequest) -> SseIdentity | None:
        raise HTTPException(status_code=429, detail="Later")

    app = litestar_stream_app(LitestarSseTransport(), identify=blocked)
    async with serving(app, http=http) as server:
        assert await status_of(server, "/?as=alice") == 429


async def test_the_apps_own_close_ends_the_connection(ws: str) -> None:
    transport = LitestarWebsocketTransport()
    sockets: list[AnyWebSocket] = []

    async def remember(socket: AnyWebSocket) -> ConnectionIdentity | None:
        sockets.append(socket)
        return await identify_socket(socket)

    app = litestar_websocket_app(transport, identify=remember)
    async with serving(app, ws=ws) as server, WebsocketClient.to(server, "alice") as alice:
        await sockets[0].close(1000, "Done")
        assert transport.broadcast(note(0)) == 0
        assert await alice.closed() == Close(1000, "Done")


async def test_a_socket_that_was_accepted_before_is_not_served(ws: str) -> None:
    transport = LitestarWebsocketTransport()
    caught: list[AlreadyAcceptedError] = []

    @websocket("/")
    async def endpoint(socket: AnyWebSocket) -> None:
        await socket.accept()
        try:
            await transport.serve(socket, identify=identify_socket)
        except AlreadyAcceptedError as error:
            caught.append(error)

    async with serving(as_app(Litestar([endpoint], logging_config=None)), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.ask("/?as=alice")
            await until(lambda: caught, "the error")
        await server.is_idle()
    assert [error.answer for error in caught] == ["accepted"]


async def test_a_stream_is_revoked_with_4001(http: str) -> None:
    transport = LitestarSseTransport()
    async with serving(litestar_stream_app(transport), http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            assert transport.close_sockets_for_session(ALICE_SESSION) == 1
            assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()
