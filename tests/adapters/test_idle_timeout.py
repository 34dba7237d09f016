"""LiveNodes that send nothing for too long, behind all servers of WebSockets."""

from __future__ import annotations

import anyio
import pytest

from gatecast.errors import InvalidLimitError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcNotification
from gatecast_adapters.picows_server import PicowsServerTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming
from gatecast_adapters.websockets_server import WebsocketsServerTransport
from tests.support.apps import websocket_app
from tests.support.clients import Close, WebsocketClient
from tests.support.native_servers import Serving
from tests.support.people import note
from tests.support.uvicorn_server import serving as serving_uvicorn

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

IDLE = Close(4003, "Idle")
NOTE = '{"jsonrpc":"2.0","method":"note"}'


async def answer_late(incoming: Incoming[ConnectionIdentity]) -> JsonrpcNotification:
    await anyio.sleep(0.6)
    return note(1)


async def test_a_silent_socket_is_closed(ws: str) -> None:
    transport = BackendWebsocketTransport(idle_timeout=0.05)
    async with (
        serving_uvicorn(websocket_app(transport), ws=ws) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        assert await alice.closed() == IDLE
        assert not transport.is_ready()
        await server.is_idle()


async def test_the_time_that_the_app_takes_is_no_silence() -> None:
    transport = BackendWebsocketTransport(idle_timeout=0.5)
    async with (
        serving_uvicorn(websocket_app(transport, on_message=answer_late)) as server,
        WebsocketClient.to(server, "alice") as alice,
    ):
        await alice.send(NOTE)
        assert await alice.number() == 1
        assert await alice.closed() == IDLE


async def test_a_socket_of_a_native_server_that_is_silent_is_closed(serving: Serving) -> None:
    async with serving(idle_timeout=0.05) as server, WebsocketClient.to(server, "alice") as alice:
        assert await alice.closed() == IDLE
        await server.is_idle()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
@pytest.mark.parametrize(
    "transport", [BackendWebsocketTransport, PicowsServerTransport, WebsocketsServerTransport]
)
async def test_an_idle_timeout_must_be_above_zero(
    transport: type[BackendWebsocketTransport | PicowsServerTransport | WebsocketsServerTransport],
    seconds: float,
) -> None:
    with pytest.raises(InvalidLimitError, match="idle_timeout"):
        transport(idle_timeout=seconds)
