"""What all peers behind uvicorn share, frames and chunks, as it goes out."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast_adapters._asgi.server import find_known_server
from gatecast_adapters._asgi.uvicorn_shared import find_chunked_response
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support import people
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import note
from tests.support.raw_peer import UPGRADE, RawPeer, RawStream
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

Transport = BackendWebsocketTransport

TEXT = 0x81
COMPRESSED_TEXT = 0xC1
SMALL, LARGE = 0, 4096
"""How much padding a message has, in bytes."""


async def upgrade(peer: RawPeer, *, deflate: bool) -> None:
    offer = ["Sec-WebSocket-Extensions: permessage-deflate"] if deflate else []
    lines = [
        "GET /?as=alice HTTP/1.1",
        "Host: 127.0.0.1",
        *UPGRADE,
        *offer,
    ]
    await peer.send("\r\n".join([*lines, "", ""]).encode())
    await peer.receive_until(b"\r\n\r\n")


async def first_bytes(server: UvicornServer, transport: Transport, *, deflate: bool) -> list[int]:
    """The first byte of the frame of a small message, a large one, and a small one again."""
    found: list[int] = []
    async with RawPeer.to(server.port) as peer:
        await upgrade(peer, deflate=deflate)
        for number, padding in enumerate((SMALL, LARGE, SMALL)):
            assert transport.broadcast(note(number, padding)) == 1
            received = await peer.receive()
            found.append(received[0])
            while not deflate and not received.endswith(b"}}"):
                received += await peer.receive()
    await server.is_idle()
    return found


async def test_without_compression_every_frame_is_plain(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        assert await first_bytes(server, transport, deflate=False) == [TEXT] * 3


async def test_a_small_message_is_not_compressed_for_a_peer_that_could_read_it() -> None:
    transport = BackendWebsocketTransport()
    async with serving(websocket_app(transport)) as server:
        expected = [TEXT, COMPRESSED_TEXT, TEXT]
        assert await first_bytes(server, transport, deflate=True) == expected


async def test_the_server_compresses_everything_if_it_does_the_framing() -> None:
    transport = BackendWebsocketTransport(in_place=False)
    async with serving(websocket_app(transport)) as server:
        expected = [COMPRESSED_TEXT] * 3
        assert await first_bytes(server, transport, deflate=True) == expected


async def test_a_socket_that_the_app_has_closed_itself_is_sent_nothing_after_the_close() -> None:
    transport = BackendWebsocketTransport()
    sockets: list[WebSocket] = []

    async def identify(websocket: WebSocket) -> ConnectionIdentity | None:
        sockets.append(websocket)
        return await people.identify(websocket)

    app = websocket_app(transport, identify=identify)
    async with serving(app) as server, WebsocketClient.to(server, "alice") as alice:
        await sockets[0].close(1000, "Done")
        assert transport.broadcast(note(0)) == 0
        assert await alice.closed() == Close(1000, "Done")


async def test_a_peer_that_is_gone_is_sent_nothing_before_the_app_has_heard_of_it() -> None:
    transport = BackendWebsocketTransport()
    async with serving(websocket_app(transport)) as server, WebsocketClient.to(server, "alice"):
        await server.lose_connections()
        assert transport.get_connection_count() == 1
        assert transport.broadcast(note(0)) == 0
    assert not transport.is_ready()


async def test_a_chunk_is_the_one_that_the_server_would_make(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.ask("/?as=alice")
        await peer.receive_until(b"connected\n\n\r\n")
        await until(transport.is_ready, "the stream")
        transport.broadcast(note(0))
        block = b"data: %b\n\n" % Frame(note(0)).data
        assert await peer.receive() == b"%x\r\n%b\r\n" % (len(block), block)


@pytest.mark.parametrize(("method", "shared"), [("GET", True), ("HEAD", False)])
async def test_chunks_are_shared_by_chunked_responses_of_the_default_protocol(
    http: str, method: str, shared: bool
) -> None:
    found: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        found.append(find_chunked_response(find_known_server(send)) is not None)
        await send({"type": "http.response.body", "body": b""})

    async with serving(app, http=http) as server, RawPeer.to(server.port) as peer:
        await peer.send(f"{method} / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await until(lambda: found, "the response")
    assert found == [shared and http == "httptools"]


async def test_a_stream_that_is_gone_upsets_nobody_before_the_app_has_heard_of_it() -> None:
    transport = BackendSseTransport()
    async with serving(stream_app(transport)) as server, StreamClient.to(server, "alice"):
        await until(transport.is_ready, "the stream")
        await server.lose_connections()
        assert transport.get_connection_count() == 1
        transport.broadcast(note(0))
    assert not transport.is_ready()
