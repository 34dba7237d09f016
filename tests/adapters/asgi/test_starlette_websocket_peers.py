"""WebSockets of Starlette behind uvicorn: peers that stall, and peers that vanish."""

from __future__ import annotations

import json

import pytest
from anyio.lowlevel import checkpoint

from gatecast.errors import InvalidLimitError, SlowConsumerError
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import websocket_app
from tests.support.clients import WebsocketClient
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import RawWebsocket
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

LARGE = 256 * 1024
UNBOUNDED = OutboxLimits(max_messages=10_000, max_bytes=10**12)
FLOOD = 32
"""This many large messages are more than the kernel takes for a peer that doesn't read."""


async def flood(
    transport: BackendWebsocketTransport[ConnectionIdentity], count: int, size: int = LARGE
) -> None:
    for number in range(count):
        assert transport.broadcast(note(number, size)) == 1
        await checkpoint()


async def test_a_stalled_peer_is_dropped_with_1013_and_delays_nobody(
    ws: str, in_place: bool
) -> None:
    dropped: list[DroppedConnection[ConnectionIdentity]] = []
    transport = BackendWebsocketTransport(
        in_place=in_place, limits=OutboxLimits(max_messages=8), on_drop=dropped.append
    )
    async with serving(websocket_app(transport), ws=ws) as server:
        async with (
            RawWebsocket.to(server.port) as stalled,
            WebsocketClient.to(server, "bob") as reading,
        ):
            await stalled.open("/?as=alice")
            for number in range(FLOOD):
                transport.broadcast(note(number, LARGE))
                assert await reading.number() == number
            assert transport.get_connection_count() == 1
            assert [type(drop.error) for drop in dropped] == [SlowConsumerError]
            texts, code = await stalled.texts_until_closed()
            assert code == 1013
            assert _numbers(texts) == list(range(len(texts)))
        await server.is_idle()


async def test_what_waits_for_a_stalled_peer_goes_out_in_order_when_it_reads_on(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place, limits=UNBOUNDED)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        RawWebsocket.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        await flood(transport, FLOOD)
        texts = await peer.texts(FLOOD)
        assert _numbers(texts) == list(range(FLOOD))


async def test_a_revocation_overtakes_what_waits_for_a_stalled_peer(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place, limits=UNBOUNDED)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            await flood(transport, FLOOD)
            assert transport.close_sockets_for_session(ALICE_SESSION) == 1
            texts, code = await peer.texts_until_closed()
            assert code == 4001
            assert len(texts) < FLOOD
        await server.is_idle()


@pytest.mark.parametrize("little", [True, False], ids=["little", "much"])
async def test_a_revoked_peer_that_has_stopped_reading_is_given_up(
    ws: str, in_place: bool, little: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place, limits=UNBOUNDED, close_timeout=0.05)
    async with (
        serving(websocket_app(transport), ws=ws) as server,
        RawWebsocket.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        if little:
            while not server.unsent():
                await flood(transport, 1, 4096)
        else:
            await flood(transport, FLOOD)
        assert transport.close_sockets_for_session(ALICE_SESSION) == 1
        await server.is_idle()


async def test_a_peer_that_vanishes_is_removed(ws: str, in_place: bool) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            peer.vanish()
        await until(lambda: not transport.is_ready(), "the peer to be removed")
        await server.is_idle()


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_peer_that_vanishes_while_it_is_stalled_is_removed(
    ws: str, in_place: bool, revoked: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place, limits=UNBOUNDED)
    async with serving(websocket_app(transport), ws=ws) as server:
        async with RawWebsocket.to(server.port) as peer:
            await peer.open("/?as=alice")
            await flood(transport, FLOOD)
            if revoked:
                transport.close_sockets_for_session(ALICE_SESSION)
            peer.vanish()
        await server.is_idle()
        assert not transport.is_ready()


async def test_many_peers_that_vanish_at_once_are_dropped_by_the_next_broadcasts(
    ws: str, in_place: bool
) -> None:
    transport = BackendWebsocketTransport(in_place=in_place)
    async with serving(websocket_app(transport), ws=ws) as server:
        for _ in range(20):
            async with RawWebsocket.to(server.port) as peer:
                await peer.open("/?as=alice")
                transport.broadcast(note(1))
                peer.vanish()
                transport.broadcast(note(2))
        await server.is_idle()
        assert not transport.is_ready()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
async def test_a_close_timeout_must_be_above_zero(seconds: float) -> None:
    with pytest.raises(InvalidLimitError, match="close_timeout"):
        BackendWebsocketTransport(close_timeout=seconds)


def _numbers(texts: list[str]) -> list[object]:
    return [json.loads(text)["params"]["number"] for text in texts]
