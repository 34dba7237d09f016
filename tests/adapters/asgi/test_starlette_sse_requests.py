"""Streams of Starlette behind uvicorn: requests that get none, and reconnects that get one."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Literal

import pytest

from gatecast.close_codes import CloseCode
from gatecast.connections.caps import Cap
from gatecast.identity.index import SESSION
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from tests.support.apps import stream_app
from tests.support.clients import StreamClient
from tests.support.people import note
from tests.support.raw_peer import RawStream
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (CloseCode.SESSION_REVOKED, 204),
        (CloseCode.TOO_MANY_CONNECTIONS, 204),
        (CloseCode.TRY_AGAIN_LATER, 200),
    ],
)
async def test_after_a_close_for_good_the_reconnect_is_told_to_stop(
    http: str, in_place: bool, code: int, status: int
) -> None:
    transport = BackendSseTransport(in_place=in_place, event_id=lambda _: "last")
    async with serving(stream_app(transport), http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            transport.broadcast(note(1))
            await alice.event()
            transport.close_where(lambda _: True, code=code)
            last_event_id = (await alice.event()).id
        async with RawStream.to(server.port) as again:
            await again.ask("/?as=alice", f"Last-Event-ID: {last_event_id}")
            assert (await again.receive()).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("when_reached", ["close_oldest", "refuse"])
async def test_of_two_tabs_above_a_cap_one_stays_and_the_other_is_told_to_stop(
    http: str, in_place: bool, when_reached: Literal["close_oldest", "refuse"]
) -> None:
    cap = Cap(SESSION, 1, when_reached)
    transport = BackendSseTransport[SseIdentity](in_place=in_place, caps=[cap])
    async with serving(stream_app(transport), http=http) as server, AsyncExitStack() as tabs:
        older = await tabs.enter_async_context(StreamClient.to(server, "alice"))
        await until(transport.is_ready, "the stream")
        newer = await tabs.enter_async_context(StreamClient.to(server, "alice"))
        evicted, staying = (older, newer) if when_reached == "close_oldest" else (newer, older)
        last_event_id = (await evicted.event()).id
        async with RawStream.to(server.port) as again:
            await again.ask("/?as=alice", f"Last-Event-ID: {last_event_id}")
            assert (await again.receive()).startswith(b"HTTP/1.1 204 ")
        assert transport.broadcast(note(1)) == 1
        assert await staying.number() == 1


@pytest.mark.parametrize("last_event_id", ["last", "gatecast-closed-not", "\t", "ä"])
async def test_any_other_last_event_id_is_none_of_our_business(
    http: str, in_place: bool, last_event_id: str
) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.ask("/?as=alice", f"Last-Event-ID: {last_event_id}")
        assert (await peer.receive()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("last_event_id", ["gatecast-closed\0", "\x01", "\x7f", "a\rb"])
async def test_a_last_event_id_with_control_characters_is_refused_or_ignored(
    http: str, in_place: bool, last_event_id: str
) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask("/?as=alice", f"Last-Event-ID: {last_event_id}")
            assert (await peer.receive()).split(b" ")[1] in (b"400", b"200")
        await server.is_idle()
        assert not transport.is_ready()


@pytest.mark.parametrize(("name", "status"), [("alice", 200), ("nobody", 401)])
async def test_head_is_answered_as_a_stream_would_be_and_opens_none(
    http: str, name: str, status: int
) -> None:
    transport = BackendSseTransport()
    async with serving(stream_app(transport), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask(f"/?as={name}", "Connection: close", method="HEAD")
            head = (await peer.receive_all()).lower()
        assert head.startswith(b"http/1.1 %d " % status)
        assert (b"content-type: text/event-stream" in head) is (status == 200)
        assert head.endswith(b"\r\n\r\n")
        await server.is_idle()
