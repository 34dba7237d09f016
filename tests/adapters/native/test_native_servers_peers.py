"""The native servers: peers that stall, and peers that vanish."""

from __future__ import annotations

import json

import anyio
import pytest
from anyio.lowlevel import checkpoint
from websockets.frames import Opcode

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.websockets_server import Incoming
from tests.support.native_servers import NativeServer, Serving
from tests.support.people import ALICE_SESSION, note

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

LARGE = 256 * 1024
UNBOUNDED = OutboxLimits(max_messages=10_000, max_bytes=10**12)
FLOOD = 64
"""This many large messages are more than the kernel takes for a peer that doesn't read."""


async def flood(server: NativeServer) -> None:
    for number in range(FLOOD):
        assert server.transport.broadcast(note(number, LARGE)) == 1
        await checkpoint()


@pytest.mark.parametrize(
    "limits", [OutboxLimits(max_messages=8), OutboxLimits(max_bytes=8 * LARGE)]
)
async def test_a_stalled_peer_is_dropped_with_1013_and_delays_nobody(
    serving: Serving, limits: OutboxLimits
) -> None:
    dropped: list[DroppedConnection[ConnectionIdentity]] = []
    async with serving(limits=limits, on_drop=dropped.append) as server:
        async with server.raw("alice") as stalled, server.client("bob") as reading:
            for number in range(FLOOD):
                server.transport.broadcast(note(number, LARGE))
                assert await reading.number() == number
            assert server.transport.get_connection_count() == 1
            assert [type(drop.error) for drop in dropped] == [SlowConsumerError]
            texts, code = await stalled.texts_until_closed()
            assert code == 1013
            assert _numbers(texts) == list(range(len(texts)))
        await server.is_idle()


async def test_what_waits_for_a_stalled_peer_goes_out_in_order_when_it_reads_on(
    serving: Serving,
) -> None:
    async with serving(limits=UNBOUNDED) as server, server.raw("alice") as peer:
        await flood(server)
        assert _numbers(await peer.texts(FLOOD)) == list(range(FLOOD))
        # It is in step again: what comes now does not wait.
        server.transport.broadcast(note(FLOOD))
        assert _numbers(await peer.texts(1)) == [FLOOD]


async def test_a_revocation_overtakes_what_waits_for_a_stalled_peer(serving: Serving) -> None:
    async with serving(limits=UNBOUNDED) as server:
        async with server.raw("alice") as peer:
            await flood(server)
            assert server.transport.close_sockets_for_session(ALICE_SESSION) == 1
            texts, code = await peer.texts_until_closed()
            assert code == 4001
            assert len(texts) < FLOOD
        await server.is_idle()


async def test_a_revoked_peer_that_has_stopped_reading_is_given_up(serving: Serving) -> None:
    async with serving(limits=UNBOUNDED, close_timeout=0.05) as server, server.raw("alice"):
        await flood(server)
        assert server.transport.close_sockets_for_session(ALICE_SESSION) == 1
        await server.is_idle()


async def test_a_revoked_peer_that_reads_but_never_answers_is_given_up(serving: Serving) -> None:
    async with serving(close_timeout=0.05) as server, server.raw("alice"):
        assert server.transport.close_sockets_for_session(ALICE_SESSION) == 1
        await server.is_idle()


async def test_a_peer_that_vanishes_is_removed(serving: Serving) -> None:
    async with serving() as server:
        async with server.raw("alice") as peer:
            peer.vanish()
        await server.is_idle()


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_peer_that_vanishes_while_it_is_stalled_is_removed(
    serving: Serving, revoked: bool
) -> None:
    async with serving(limits=UNBOUNDED) as server:
        async with server.raw("alice") as peer:
            await flood(server)
            if revoked:
                server.transport.close_sockets_for_session(ALICE_SESSION)
            peer.vanish()
        await server.is_idle()


async def test_many_peers_that_vanish_at_once_are_dropped_by_the_next_broadcasts(
    serving: Serving,
) -> None:
    async with serving() as server:
        for _ in range(20):
            async with server.raw("alice") as peer:
                server.transport.broadcast(note(1))
                peer.vanish()
                for number in range(3):
                    server.transport.broadcast(note(number))
            await server.has(0)
        await server.is_idle()


async def test_a_peer_that_vanishes_while_its_message_is_handled_is_removed_at_once(
    serving: Serving,
) -> None:
    asked, gone = anyio.Event(), anyio.Event()

    async def on_message(incoming: Incoming[ConnectionIdentity]) -> None:
        asked.set()
        await gone.wait()

    async with serving(on_message=on_message) as server:
        async with server.raw("alice") as peer:
            (connection,) = server.transport.get_connections()
            await peer.send_frame(Opcode.TEXT, b"no JSON")
            await asked.wait()
            peer.vanish()
        await server.has(0)
        with pytest.raises(HandleClosedError):
            connection.handle.send(Frame(note(1)))
        gone.set()
        await server.is_idle()


def _numbers(texts: list[str]) -> list[object]:
    return [json.loads(text)["params"]["number"] for text in texts]
