"""Streams of Starlette behind uvicorn: peers that stall, and peers that vanish."""

from __future__ import annotations

import gc
import weakref

import anyio
import pytest
from anyio.lowlevel import checkpoint
from starlette.types import Receive, Scope, Send

from gatecast.errors import SlowConsumerError
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from tests.support.apps import stream_app
from tests.support.clients import StreamClient
from tests.support.people import ALICE_SESSION, note
from tests.support.raw_peer import UPGRADE, RawStream
from tests.support.uvicorn_server import serving
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

LARGE = 256 * 1024
UNBOUNDED = OutboxLimits(max_messages=10_000, max_bytes=10**12)
FLOOD = 32
"""This many large messages are more than the kernel takes for a peer that doesn't read."""


async def flood(transport: BackendSseTransport[SseIdentity], count: int, size: int = LARGE) -> None:
    for number in range(count):
        assert transport.broadcast(note(number, size)) == 1
        await checkpoint()


async def test_a_stalled_peer_is_dropped_with_1013_and_delays_nobody(
    http: str, in_place: bool
) -> None:
    dropped: list[DroppedConnection[SseIdentity]] = []
    transport = BackendSseTransport(
        in_place=in_place, limits=OutboxLimits(max_messages=8), on_drop=dropped.append
    )
    async with serving(stream_app(transport), http=http) as server:
        async with (
            RawStream.to(server.port) as stalled,
            StreamClient.to(server, "bob") as reading,
        ):
            await stalled.open("/?as=alice")
            await until(lambda: transport.get_connection_count() == 2, "both streams")
            for number in range(FLOOD):
                transport.broadcast(note(number, LARGE))
                assert await reading.number() == number
            assert transport.get_connection_count() == 1
            assert [type(drop.error) for drop in dropped] == [SlowConsumerError]
            end = (await stalled.receive_until(b"\r\n0\r\n\r\n"))[-200:]
            assert b'event: close\ndata: {"code": 1013, "reason": "Slow consumer"}' in end
        await server.is_idle()


async def test_what_waits_for_a_stalled_peer_goes_out_in_order_when_it_reads_on(
    http: str, in_place: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place, limits=UNBOUNDED)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        await flood(transport, FLOOD)
        transport.broadcast(note(FLOOD))
        received = await peer.receive_until(b'"number":%d,' % FLOOD)
        places = [received.index(b'"number":%d,' % number) for number in range(FLOOD)]
        assert places == sorted(places)


async def test_a_revocation_overtakes_what_waits_for_a_stalled_peer(
    http: str, in_place: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place, limits=UNBOUNDED)
    async with serving(stream_app(transport), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.open("/?as=alice")
            await flood(transport, FLOOD)
            assert transport.close_sockets_for_session(ALICE_SESSION) == 1
            received = await peer.receive_until(b"\r\n0\r\n\r\n")
            assert received.count(b"data:") < FLOOD
            assert b'"code": 4001' in received
        await server.is_idle()


@pytest.mark.parametrize("little", [True, False], ids=["little", "much"])
async def test_a_revoked_peer_that_has_stopped_reading_is_given_up(
    http: str, in_place: bool, little: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place, limits=UNBOUNDED, close_timeout=0.05)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        if little:
            while not server.unsent():
                await flood(transport, 1, 4096)
        else:
            await flood(transport, FLOOD)
        assert transport.close_sockets_for_session(ALICE_SESSION) == 1
        await server.is_idle()


async def test_the_deadline_of_a_peer_that_has_taken_its_close_passes_silently(
    http: str, in_place: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place, limits=UNBOUNDED, close_timeout=0.5)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        while server.unsent() < 1:
            await flood(transport, 1, 4096)
        (handle,) = [weakref.ref(each.handle) for each in transport.get_connections()]
        transport.close_sockets_for_session(ALICE_SESSION)
        await peer.receive_all()
        await until(lambda: gc.collect() >= 0 and handle() is None, "the deadline to pass")


async def test_a_peer_that_vanishes_is_removed(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.open("/?as=alice")
            peer.vanish()
        await until(lambda: not transport.is_ready(), "the peer to be removed")
        await server.is_idle()


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_peer_that_vanishes_while_it_is_stalled_is_removed(
    http: str, in_place: bool, revoked: bool
) -> None:
    transport = BackendSseTransport(in_place=in_place, limits=UNBOUNDED)
    async with serving(stream_app(transport), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.open("/?as=alice")
            await flood(transport, FLOOD)
            if revoked:
                transport.close_sockets_for_session(ALICE_SESSION)
            peer.vanish()
        await server.is_idle()
        assert not transport.is_ready()


async def test_a_stream_whose_peer_sends_another_request_on_it_is_released_when_the_peer_goes(
    in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    transport = BackendSseTransport(in_place=in_place, keep_alive=0.01)
    async with serving(stream_app(transport), http="httptools") as server:
        async with RawStream.to(server.port) as peer:
            await peer.open("/?as=alice")
            await until(transport.is_ready, "the stream")
            await peer.ask("/?as=bob")
        await server.is_idle()
        assert not transport.is_ready()
    caplog.clear()  # uvicorn logs a response that was not completed.


async def test_a_stream_whose_peer_upgrades_its_connection_and_stalls_is_given_up(
    in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    transport = BackendSseTransport(in_place=in_place, keep_alive=1.0)
    streams = stream_app(transport)
    upgraded = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await streams(scope, receive, send)
            return
        await send({"type": "websocket.accept"})
        upgraded.set()
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async with serving(app, http="httptools") as server, RawStream.to(server.port) as peer:
        await peer.open("/?as=alice")
        await until(transport.is_ready, "the stream")
        await peer.ask("/", *UPGRADE)
        with anyio.fail_after(PATIENCE):
            await upgraded.wait()
            while not server.unsent():
                await flood(transport, 1)
        await server.has_no_connection()
    caplog.clear()  # As above.
