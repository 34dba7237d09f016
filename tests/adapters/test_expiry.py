"""A credential that ends by itself ends its connection, behind real servers (REV-8)."""

from __future__ import annotations

import time

import pytest

from gatecast.identity.ids import TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.native_servers import Serving
from tests.support.people import ALICE
from tests.support.uvicorn_server import serving as serving_uvicorn

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

EXPIRED = Close(4001, "Credential expired")


async def identify(asking: object) -> ConnectionIdentity:
    return ConnectionIdentity(ALICE, expires_at=time.time() + 0.2)


async def identify_stream(asking: object) -> SseIdentity:
    return SseIdentity(ALICE, TokenHash("alice"), expires_at=time.time() + 0.2)


async def test_a_socket_is_closed_when_its_credential_expires(ws: str) -> None:
    transport = BackendWebsocketTransport()
    async with (
        serving_uvicorn(websocket_app(transport, identify=identify), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        assert await alice.closed() == EXPIRED
        assert not transport.is_ready()
        await server.is_idle()


async def test_a_stream_is_closed_when_its_credential_expires(http: str) -> None:
    transport = BackendSseTransport()
    async with (
        serving_uvicorn(stream_app(transport, identify=identify_stream), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        assert await alice.closed() == EXPIRED
        assert not transport.is_ready()
        await server.is_idle()


async def test_a_socket_of_a_native_server_is_closed_when_its_credential_expires(
    serving: Serving,
) -> None:
    async with (
        serving(identify=identify) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        assert await alice.closed() == EXPIRED
        await server.is_idle()
