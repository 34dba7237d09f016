"""500 connections of 50 accounts in a storm of connects, revocations, vanishing and stalling peers.

Afterwards the books balance: every connection is accounted for, nothing is left of any, and nobody
has received a message that was sent after its revocation had returned (REV-2, REG-3).
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

import anyio
import pytest

from tests.support.storm import Storm
from tests.support.storm_peers import Peer, Staller
from tests.support.uvicorn_server import serving
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

CROWD: Final = 500
ASYNCIO: Final = ("asyncio", {"use_uvloop": False})
UVLOOP: Final = ("asyncio", {"use_uvloop": True})


async def assemble(storm: Storm, port: int) -> None:
    """Begin with half of the crowd; the others come while it rages."""
    with anyio.fail_after(2 * PATIENCE):
        while storm.group.get_connection_count() < CROWD / 2:
            storm.fill(port, CROWD)
            await asyncio.sleep(0.001)


async def rage(storm: Storm, port: int, rounds: int) -> None:
    for _ in range(rounds):
        storm.fill(port, CROWD)
        storm.broadcast()
        for act in storm.random.choices(
            [storm.revoke, storm.vanish, storm.broadcast, storm.flood], weights=[9, 9, 4, 1], k=3
        ):
            act()
        # As long as it takes, or not: whatever is under way is caught at any point of it.
        await asyncio.sleep(storm.random.random() * 0.04)


async def calm(storm: Storm) -> set[str]:
    """End everything in good order; who was closed by that."""
    await until(lambda: all(peer.arrived for peer in storm.peers.values()), "the last to connect")
    left = storm.connected()
    await asyncio.gather(storm.sockets.drain(deadline=1.0), storm.streams.drain(deadline=1.0))
    for peer in storm.peers.values():
        if isinstance(peer, Staller):
            peer.woken.set()
    with anyio.fail_after(2 * PATIENCE):
        await asyncio.gather(*storm.lives)
    return left


def expected_codes(storm: Storm, drained: set[str], peer: Peer) -> set[int | None]:
    """With which codes `peer` may have been closed, by what the server knows of it."""
    given_up = {None} if isinstance(peer, Staller) else set[None]()
    if peer.label in storm.revoked:
        return {4001, *given_up}
    if peer.label in storm.dropped:
        return {1013, *given_up}
    if peer.label in drained:
        return {1001, *given_up}
    assert not peer.numbers, "it was never registered"
    return {4001}


def assert_the_books_balance(storm: Storm, drained: set[str]) -> None:
    known = {*storm.revoked, *storm.dropped, *drained}
    staying = [peer for peer in storm.peers.values() if not peer.vanished]
    refused = [peer for peer in staying if peer.label not in known]
    for peer in staying:
        assert peer.close_code in expected_codes(storm, drained, peer), peer.label
    assert not storm.revoked.keys() & set(storm.dropped), "whoever is revoked is gone"
    assert len(storm.dropped) == len(set(storm.dropped))
    # Of those who vanished it isn't known whether they were registered first.
    assert storm.registrations <= len(storm.peers) - len(refused)
    assert storm.registrations >= len(staying) - len(refused)


def assert_nobody_received_what_came_after_its_revocation(storm: Storm) -> None:
    for label, first_after in storm.revoked.items():
        assert all(number < first_after for number in storm.peers[label].numbers), label


async def assert_nothing_is_left(storm: Storm) -> None:
    assert storm.group.get_connection_count() == 0
    gc.collect()
    await until(lambda: not any(trace() for trace in storm.traces), "the last identity to go")


@pytest.mark.parametrize(
    ("anyio_backend", "seed", "rounds"),
    [
        (ASYNCIO, 1, 40),
        pytest.param(ASYNCIO, 2, 1000, marks=pytest.mark.long),
        pytest.param(UVLOOP, 3, 1000, marks=pytest.mark.long),
    ],
    ids=["brief", "long-asyncio", "long-uvloop"],
)
async def test_after_a_storm_the_books_balance(seed: int, rounds: int) -> None:
    storm = Storm(seed)
    async with serving(storm.app()) as server:
        await assemble(storm, server.port)
        await rage(storm, server.port, rounds)
        drained = await calm(storm)
        await server.is_idle()
    assert_the_books_balance(storm, drained)
    assert_nobody_received_what_came_after_its_revocation(storm)
    await assert_nothing_is_left(storm)
