"""Streams of Starlette behind uvicorn: what is sent on them, and how they are closed."""

from __future__ import annotations

import pytest
from anyio import create_task_group
from anyio.lowlevel import checkpoint

from gatecast.errors import InvalidEventFieldError, InvalidLimitError
from gatecast.identity.index import SESSION
from gatecast.messages.jsonrpc import JsonrpcMessage, JsonrpcNotification, notification
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_sse import BackendSseTransport
from tests.support.apps import stream_app
from tests.support.clients import Close, StreamClient
from tests.support.people import ALICE_SESSION, is_alice, note
from tests.support.raw_peer import RawStream, chunks
from tests.support.uvicorn_server import serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def test_the_headers_and_a_first_comment_come_at_once(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.ask("/?as=alice")
        head, _, body = (await peer.receive_until(b"connected\n\n")).partition(b"\r\n\r\n")
        status, *lines = head.decode().lower().split("\r\n")
        assert status == "http/1.1 200 ok"
        assert {
            "cache-control: no-store",
            "connection: close",
            "content-type: text/event-stream; charset=utf-8",
            "x-accel-buffering: no",
        } <= set(lines)
        assert chunks(body) == [b": connected\n\n"]


async def test_a_broadcast_reaches_those_whom_the_rule_picks(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
        StreamClient.to(server, "bob") as bob,
    ):
        await until(lambda: transport.get_connection_count() == 2, "both streams")
        assert transport.broadcast_filtered(note(1), is_alice) == 1
        assert transport.broadcast(note(2)) == 2
        assert [await alice.number(), await alice.number()] == [1, 2]
        assert await bob.number() == 2


async def test_a_burst_goes_out_in_at_most_two_writes_and_in_order(http: str) -> None:
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        for number in range(20):
            assert transport.broadcast(note(number)) == 1
        await checkpoint()
        transport.close_by(SESSION, ALICE_SESSION)
        first, rest, close, end = chunks(await peer.receive_until(b"\r\n0\r\n\r\n"))
        assert (first.count(b"data:"), rest.count(b"data:"), end) == (1, 19, b"")
        assert b"event: close" in close
        numbers = [rest.index(b'"number":%d,' % number) for number in range(1, 20)]
        assert numbers == sorted(numbers)


async def test_a_burst_longer_than_the_outbox_is_no_sign_of_a_slow_peer(http: str) -> None:
    transport = BackendSseTransport(limits=OutboxLimits(max_messages=4, max_bytes=1000))
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        for number in range(100):
            assert transport.broadcast(note(number, 2000 if number in (1, 50) else 0)) == 1
        assert [await alice.number() for _ in range(100)] == list(range(100))


async def test_a_close_overtakes_what_is_held_back_in_the_same_turn(http: str) -> None:
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        for number in range(3):
            assert transport.broadcast(note(number)) == 1
        assert transport.close_by(SESSION, ALICE_SESSION) == 1
        assert await alice.number() == 0
        assert await alice.closed() == Close(4001, "Session revoked")


async def test_a_spread_broadcast_keeps_its_place_among_others(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
        StreamClient.to(server, "bob") as bob,
    ):
        await until(lambda: transport.get_connection_count() == 2, "both streams")
        async with create_task_group() as tasks:
            tasks.start_soon(lambda: transport.broadcast_spread(note(1), batch=1))
            await checkpoint()
            transport.broadcast(note(2))
            transport.broadcast_filtered(note(3), is_alice)
        assert [await alice.number() for _ in range(3)] == [1, 2, 3]
        assert [await bob.number() for _ in range(2)] == [1, 2]


async def test_an_idle_stream_is_kept_alive_with_comments(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place, keep_alive=0.01)
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        await peer.open("/?as=alice")
        await peer.receive_until(b": keep-alive\n\n")
        transport.broadcast(note(1))
        await peer.receive_until(b'"number":1,')
        await peer.receive_until(b": keep-alive\n\n")


@pytest.mark.parametrize("text", ["two\nlines\r\n", "\u2028\u2029\x85\x0b\x0c", "data: x\n\n"])
async def test_text_of_any_kind_survives(http: str, text: str) -> None:
    transport = BackendSseTransport()
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        transport.broadcast(notification("note", {"text": text}))
        event = await alice.event()
        assert event.json()["params"] == {"text": text}
        assert (event.event, event.id) == ("message", "")


async def test_fields_are_taken_from_the_message(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(
        in_place=in_place, event=_method, event_id=lambda message: f"of {_method(message)}"
    )
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        transport.broadcast(notification("greet"))
        event = await alice.event()
        assert (event.event, event.id) == ("greet", "of greet")


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\0b", "a\r\ndata: injected\r\n\r\n", "close"])
async def test_a_field_that_no_event_may_have_is_refused_before_anything_is_sent(
    http: str, in_place: bool, name: str
) -> None:
    transport = BackendSseTransport(in_place=in_place, event=_method)
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        with pytest.raises(InvalidEventFieldError):
            transport.broadcast(notification(name))
        with pytest.raises(InvalidEventFieldError):
            await transport.broadcast_spread(notification(name))
        assert transport.broadcast(notification("fine")) == 1
        assert (await alice.event()).event == "fine"


async def test_a_revoked_stream_ends_with_a_close_event(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport), http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            assert transport.close_sockets_for_session(ALICE_SESSION) == 1
            assert transport.broadcast(note(1)) == 0
            assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


async def test_of_two_closes_at_once_the_first_one_counts(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport), http=http) as server:
        async with StreamClient.to(server, "alice") as alice:
            await until(transport.is_ready, "the stream")
            (connection,) = transport.get_connections()
            connection.handle.close(Ending.by_app(4100, "first"))
            connection.handle.close(Ending.by_app(4200, "second"))
            assert await alice.closed() == Close(4100, "first")
        await server.is_idle()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
async def test_a_keep_alive_must_be_above_zero(seconds: float) -> None:
    with pytest.raises(InvalidLimitError, match="keep_alive"):
        BackendSseTransport(keep_alive=seconds)


def _method(message: JsonrpcMessage) -> str | None:
    return message.method if isinstance(message, JsonrpcNotification) else None
