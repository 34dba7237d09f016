"""Streams of Starlette behind uvicorn: who is let in, and how the others are told."""

from __future__ import annotations

import logging
from typing import cast

import anyio
import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gatecast.identity.ids import AccountId
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from tests.support.apps import stream_app
from tests.support.clients import StreamClient
from tests.support.people import ALICE_SESSION, identify_stream, note
from tests.support.raw_peer import RawStream
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]


async def answer(server: UvicornServer, name: str, origin: str | None = None) -> httpx.Response:
    """The whole answer, which is no stream."""
    headers = {} if origin is None else {"Origin": origin}
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=False) as client:
        return await client.get(server.http_url, params={"as": name}, headers=headers)


async def test_who_is_not_identified_gets_401(http: str) -> None:
    async with serving(stream_app(BackendSseTransport()), http=http) as server:
        refusal = await answer(server, "nobody")
        assert (refusal.status_code, refusal.text) == (401, "Not authenticated")
        assert refusal.headers["WWW-Authenticate"] == "Bearer"
        await server.is_idle()


async def test_an_http_exception_of_identify_is_the_answer(http: str) -> None:
    async def blocked(request: Request) -> None:
        raise HTTPException(429, "Later", headers={"Retry-After": "7"})

    async with serving(stream_app(BackendSseTransport(), identify=blocked), http=http) as server:
        refusal = await answer(server, "alice")
        assert (refusal.status_code, refusal.text) == (429, "Later")
        assert refusal.headers["Retry-After"] == "7"


async def test_a_bug_in_identify_is_an_internal_server_error(
    http: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(request: Request) -> None:
        raise LookupError("a bug of the app")

    async with serving(stream_app(BackendSseTransport(), identify=broken), http=http) as server:
        assert (await answer(server, "alice")).status_code == 500
    assert [type(error) for error in _logged_errors(caplog)] == [LookupError]
    caplog.clear()


async def test_a_page_of_a_foreign_origin_is_refused_before_it_is_identified(http: str) -> None:
    asked: list[Request] = []

    async def note_and_identify(request: Request) -> SseIdentity | None:
        asked.append(request)
        return await identify_stream(request)

    app = stream_app(BackendSseTransport(), identify=note_and_identify)
    async with serving(app, http=http) as server:
        refusal = await answer(server, "alice", origin="https://evil.example")
        assert (refusal.status_code, refusal.text) == (403, "Origin not allowed")
    assert asked == []


@pytest.mark.parametrize("origin", ["same", "https://app.example"])
async def test_a_page_of_an_allowed_origin_is_let_in(http: str, origin: str) -> None:
    transport = BackendSseTransport(allowed_origins=["https://app.example"])
    async with (
        serving(stream_app(transport), http=http) as server,
        RawStream.to(server.port) as peer,
    ):
        if origin == "same":
            host = f"127.0.0.1:{server.port}"
            await peer.ask("/?as=alice", f"Origin: http://{host}", host=host)
        else:
            await peer.ask("/?as=alice", f"Origin: {origin}")
        await peer.receive_until(b"connected")


async def test_an_identity_with_a_key_of_the_wrong_type_is_a_bug_of_the_app(
    http: str, in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def from_a_row(request: Request) -> SseIdentity:
        # What a caller without a type checker may well pass.
        return SseIdentity(cast(AccountId, "0000000a-..."), ALICE_SESSION)

    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport, identify=from_a_row), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask("/?as=alice")
            assert not (await peer.receive_all()).endswith(b"0\r\n\r\n")
        await server.is_idle()
        assert not transport.is_ready()
    (error,) = _logged_errors(caplog)
    assert "index 'account' has keys of type UUID, not str" in str(error)
    caplog.clear()


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_client_that_vanishes_before_the_first_byte_leaves_nothing(
    http: str, in_place: bool, name: str
) -> None:
    async def identify_as_it_vanishes(request: Request) -> SseIdentity | None:
        peer.vanish()
        return await identify_stream(request)

    transport = BackendSseTransport(in_place=in_place)
    app = stream_app(transport, identify=identify_as_it_vanishes)
    async with serving(app, http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask(f"/?as={name}")
            await until(lambda: peer.gone, "the peer to be identified")
        await server.is_idle()
        assert not transport.is_ready()


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_client_that_vanishes_while_it_is_identified_leaves_nothing(
    http: str, in_place: bool, name: str
) -> None:
    asked, gone = anyio.Event(), anyio.Event()

    async def wait_and_identify(request: Request) -> SseIdentity | None:
        asked.set()
        await gone.wait()
        return await identify_stream(request)

    transport = BackendSseTransport(in_place=in_place)
    async with serving(stream_app(transport, identify=wait_and_identify), http=http) as server:
        async with RawStream.to(server.port) as peer:
            await peer.ask(f"/?as={name}")
            await asked.wait()
            peer.vanish()
        await server.has_no_connection()
        gone.set()
        await server.is_idle()
        assert not transport.is_ready()


async def test_a_refused_client_disturbs_no_other(http: str, in_place: bool) -> None:
    transport = BackendSseTransport(in_place=in_place)
    async with (
        serving(stream_app(transport), http=http) as server,
        StreamClient.to(server, "alice") as alice,
    ):
        await until(transport.is_ready, "the stream")
        assert (await answer(server, "nobody")).status_code == 401
        assert transport.broadcast(note(1)) == 1
        assert await alice.number() == 1


def _logged_errors(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.exc_info[1] if record.exc_info else None for record in errors]
