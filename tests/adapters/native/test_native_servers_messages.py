"""The native servers: what peers send, what the app answers, and what bad input leads to."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable

import anyio
import pytest
from websockets.frames import Frame, Opcode

from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import (
    JsonrpcErrorResponse,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
    notification,
    response,
)
from gatecast_adapters.websockets_server import Incoming
from tests.support.clients import Close
from tests.support.native_servers import Serving
from tests.support.people import ALICE, ALICE_SESSION, note

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

NOTIFICATION = '{"jsonrpc": "2.0", "method": "tell"}'


def request(number: int) -> str:
    return f'{{"jsonrpc": "2.0", "id": {number}, "method": "ask"}}'


async def echo(
    incoming: Incoming[ConnectionIdentity],
) -> JsonrpcMessageFromServerToClient | None:
    message = incoming.message
    if isinstance(message, JsonrpcErrorResponse):
        return message
    if isinstance(message, JsonrpcRequest):
        return response(message.id, {"account": str(incoming.identity.account_id)})
    return notification("told", {"connection": str(incoming.connection_id)})


async def test_what_the_app_returns_is_sent_to_the_peer(serving: Serving) -> None:
    async with serving(on_message=echo) as server, server.client("alice") as alice:
        (connection,) = server.transport.get_connections()
        await alice.send(request(1))
        assert (await alice.receive())["result"] == {"account": str(ALICE)}
        await alice.send(NOTIFICATION)
        assert (await alice.receive())["params"] == {"connection": str(connection.id)}
        await alice.send("no JSON")
        assert (await alice.receive())["id"] is None


async def test_messages_of_one_peer_are_handled_one_after_another(serving: Serving) -> None:
    under_way = 0

    async def on_message(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        return await echo(incoming)

    async with serving(on_message=on_message) as server, server.client("alice") as alice:
        for number in range(100):
            await alice.send(request(number))
        assert [(await alice.receive())["id"] for _ in range(100)] == list(range(100))


async def test_without_a_handler_requests_are_refused_and_notifications_ignored(
    serving: Serving,
) -> None:
    async with serving() as server, server.client("alice") as alice:
        await alice.send(NOTIFICATION)
        await alice.send(request(7))
        refusal = await alice.receive()
        assert (refusal["id"], _code(refusal)) == (7, -32601)
        await alice.send("no JSON")
        assert _code(await alice.receive()) == -32700


async def test_what_the_handler_raises_closes_with_1011_and_is_logged_once(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        raise LookupError("a bug of the app")

    async with (
        serving(on_message=on_message) as server,
        server.client("bob") as bob,
        server.client("alice") as alice,
    ):
        await alice.send(NOTIFICATION)
        assert await alice.closed() == Close(1011, "Internal error")
        assert server.transport.broadcast(note(1)) == 1
        assert await bob.number() == 1
    assert [type(error) for error in _logged_errors(caplog)] == [LookupError]
    caplog.clear()


async def test_a_revoked_peer_gets_no_answer_and_is_not_heard_any_more(serving: Serving) -> None:
    asked, revoked = anyio.Event(), anyio.Event()
    heard: list[object] = []

    async def on_message(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        heard.append(incoming.message)
        asked.set()
        await revoked.wait()
        return await echo(incoming)

    async with serving(on_message=on_message) as server, server.client("alice") as alice:
        await alice.send(request(1))
        await alice.send(request(2))
        await asked.wait()
        server.transport.close_sockets_for_session(ALICE_SESSION)
        revoked.set()
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()
    assert len(heard) == 1


async def test_a_handler_that_never_returns_is_cancelled_when_its_peer_is_given_up(
    serving: Serving,
) -> None:
    asked, cancelled = anyio.Event(), anyio.Event()

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    async with (
        serving(on_message=on_message, close_timeout=0.05) as server,
        server.client("alice") as alice,
    ):
        await alice.send(NOTIFICATION)
        await asked.wait()
        server.transport.close_sockets_for_session(ALICE_SESSION)
        await server.is_idle()
        assert cancelled.is_set()


async def test_a_handler_may_revoke_the_peer_that_it_hears(serving: Serving) -> None:
    revoke: list[Callable[[], int]] = []

    async def log_out(
        incoming: Incoming[ConnectionIdentity],
    ) -> JsonrpcMessageFromServerToClient | None:
        assert revoke[0]() == 1
        return await echo(incoming)

    async with serving(on_message=log_out) as server, server.client("alice") as alice:
        revoke.append(lambda: server.transport.close_sockets_for_account(ALICE))
        await alice.send(request(1))
        assert await alice.closed() == Close(4001, "Session revoked")
        await server.is_idle()


async def test_a_peer_that_sends_faster_than_it_is_heard_is_held_back(serving: Serving) -> None:
    heard = anyio.Event()

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        await heard.wait()

    message = NOTIFICATION.ljust(100_000).encode()
    async with serving(on_message=on_message) as server:
        async with server.raw("alice") as peer:
            sent = await peer.send_until_held_back(Frame(Opcode.TEXT, message).serialize(mask=True))
            # The buffers of both kernels, and a few messages: nothing that grows with what is sent.
            assert sent < 64 * 1024 * 1024
            heard.set()
        await server.is_idle()


async def test_a_message_in_fragments_is_one_message(serving: Serving) -> None:
    async with serving(on_message=echo) as server, server.client("alice") as alice:
        with anyio.fail_after(5):
            await alice.connection.send(["", *request(1), ""])
            await alice.connection.send(iter(request(2)))
        assert [(await alice.receive())["id"] for _ in range(2)] == [1, 2]


async def test_a_ping_between_fragments_is_answered(serving: Serving) -> None:
    async def fragments() -> AsyncGenerator[str]:
        yield request(1)[:10]
        await (await alice.connection.ping())
        yield request(1)[10:]

    async with serving(on_message=echo) as server, server.client("alice") as alice:
        with anyio.fail_after(5):
            await alice.connection.send(fragments())
        assert (await alice.receive())["id"] == 1


async def test_a_binary_message_closes_with_1003(serving: Serving) -> None:
    async with (
        serving() as server,
        server.client("bob") as bob,
        server.client("alice") as alice,
    ):
        await alice.send(b"\x00")
        assert await alice.closed() == Close(1003, "Text frames only")
        await server.has(1)
        assert server.transport.broadcast(note(1)) == 1
        assert await bob.number() == 1


@pytest.mark.parametrize("payloads", [[b'"\xff"'], [b'"\xe2\x82', b'"']], ids=["one", "two"])
async def test_invalid_utf_8_closes_with_1007(serving: Serving, payloads: list[bytes]) -> None:
    async with serving() as server:
        async with server.raw("alice") as peer:
            for number, payload in enumerate(payloads):
                opcode = Opcode.CONT if number else Opcode.TEXT
                fin = number == len(payloads) - 1
                await peer.send(Frame(opcode, payload, fin).serialize(mask=True))
            assert await peer.texts_until_closed() == ([], 1007)
        await server.is_idle()


@pytest.mark.parametrize("fragments", [1, 3])
async def test_a_message_of_more_than_a_mebibyte_closes_with_1009(
    serving: Serving, fragments: int
) -> None:
    async with serving() as server, server.client("alice") as alice:
        size = 1024 * 1024 // fragments + 1
        with anyio.fail_after(5):
            await alice.connection.send(["x" * size] * fragments)
        assert (await alice.closed()).code == 1009
        await server.is_idle()


@pytest.mark.parametrize(
    "frame",
    [b"\xc1\x80" + bytes(4), b"\x83\x80" + bytes(4), b"\x81\x05hello", b"\x80\x80" + bytes(4)],
    ids=["reserved-bit", "unknown-opcode", "unmasked", "continues-nothing"],
)
async def test_a_frame_against_the_protocol_closes_with_1002(
    serving: Serving, frame: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as server:
        async with server.raw("alice") as peer:
            await peer.send(frame)
            assert await peer.texts_until_closed() == ([], 1002)
        await server.is_idle()
    # picows's own words for it.
    assert {record.name.split(".")[0] for record in _errors(caplog)} <= {"picows"}
    caplog.clear()


@pytest.mark.parametrize(("payload", "code"), [(b"\x03\xe8", 1000), (b"\x0f\xa0bye", 4000)])
async def test_a_close_of_the_peer_is_answered_and_nothing_after_it_is_heard(
    serving: Serving, payload: bytes, code: int
) -> None:
    heard: list[object] = []

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        heard.append(incoming.message)

    async with serving(on_message=on_message) as server:
        async with server.raw("alice") as peer:
            await peer.send_frame(Opcode.CLOSE, payload)
            await peer.send_frame(Opcode.TEXT, NOTIFICATION.encode())
            assert await peer.texts_until_closed() == ([], code)
        await server.is_idle()
    assert heard == []


async def test_a_close_without_a_code_ends_the_connection(serving: Serving) -> None:
    async with serving() as server:
        async with server.raw("alice") as peer:
            await peer.send_frame(Opcode.CLOSE, b"")
            texts, code = await peer.texts_until_closed()
            assert texts == []
            assert code in (1000, 1005)  # The latter stands for a close without a code as well.
        await server.is_idle()


async def test_frames_after_our_close_are_not_heard(serving: Serving) -> None:
    heard: list[object] = []

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        heard.append(incoming.message)

    async with serving(on_message=on_message) as server:
        async with server.raw("alice") as peer:
            assert server.transport.close_where(lambda _: True) == 1
            for _ in range(40):
                await peer.send_frame(Opcode.TEXT, NOTIFICATION.encode())
            assert await peer.texts_until_closed() == ([], 4001)
        await server.is_idle()
    assert heard == []


def _code(message: dict[str, object]) -> object:
    return JsonrpcErrorResponse.model_validate(message).error.code


def _errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def _logged_errors(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    return [record.exc_info[1] if record.exc_info else None for record in _errors(caplog)]
