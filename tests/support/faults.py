"""The faults: each begins where its block is entered, and is healed where that ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from tests.support.cluster_control import STREAM
from tests.support.fault_rig import LEASE, FaultRig, RigNode, become_true
from tests.support.tcp_proxy import TcpProxy

__all__ = ["FAULTS", "Fault", "FaultKind", "Reach"]

Begin: TypeAlias = Callable[[FaultRig, RigNode], AbstractAsyncContextManager[None]]

_LONGER: Final = 1.3 * LEASE
_LOST_ANSWERS: Final = 8


class FaultKind(StrEnum):
    """What may happen."""

    LINK_CUT = "link_cut"
    REQUESTS_SWALLOWED = "requests_swallowed"
    ANSWERS_SWALLOWED = "answers_swallowed"
    BOTH_WAYS_SWALLOWED = "both_ways_swallowed"
    ANSWERS_DELAYED = "answers_delayed"
    ANSWERS_LOST = "answers_lost"
    LOG_TRIMMED = "log_trimmed"
    NODE_PAUSED = "node_paused"
    NODE_KILLED = "node_killed"
    REDIS_PAUSED = "redis_paused"
    REDIS_RESTARTED = "redis_restarted"
    REDIS_EMPTIED = "redis_emptied"
    REDIS_FLUSHED = "redis_flushed"
    FAILOVER = "failover"


class Reach(StrEnum):
    """Whose connections end with a fault."""

    NONE = "none"
    NODE = "node"
    ALL = "all"


@asynccontextmanager
async def _link_cut(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    node.proxy.refuse()
    node.proxy.cut()
    try:
        yield
    finally:
        await node.proxy.accept()


def _swallowed(*ways: Callable[[TcpProxy], None]) -> Begin:
    @asynccontextmanager
    async def swallow(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
        for way in ways:
            way(node.proxy)
        try:
            yield
        finally:
            node.proxy.heal()

    return swallow


@asynccontextmanager
async def _answers_delayed(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    node.proxy.delay_answers(_LONGER)
    try:
        yield
    finally:
        node.proxy.delay_answers(0.0)


@asynccontextmanager
async def _answers_lost(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    async def lose() -> None:
        for _ in range(_LOST_ANSWERS):
            await node.proxy.swallow_one_answer().wait()
            node.proxy.cut()

    losing = asyncio.create_task(lose())
    try:
        yield
        await asyncio.wait([losing], timeout=LEASE)
    finally:
        # The next answer after that may be lost as well, and its connection is silent then.
        losing.cancel()
        await asyncio.wait([losing])


@asynccontextmanager
async def _log_trimmed(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    async with _link_cut(rig, node):
        length = await rig.log_length()
        yield

        async def is_behind() -> bool:
            return await rig.log_length() > length + 1

        await become_true(is_behind, "the other node to write")
        await rig.redis.command(b"XTRIM", STREAM, "MAXLEN", 1)


@asynccontextmanager
async def _node_paused(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    began = time.monotonic()
    node.pause()
    try:
        yield
        await asyncio.sleep(began + _LONGER - time.monotonic())
    finally:
        node.resume()


@asynccontextmanager
async def _node_killed(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    await node.kill()
    try:
        yield
    finally:
        await node.start()


@asynccontextmanager
async def _redis_paused(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    rig.redis.pause()
    try:
        yield
    finally:
        rig.redis.resume()


def _redis_killed(replace: Callable[[FaultRig], Awaitable[None]]) -> Begin:
    @asynccontextmanager
    async def kill(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
        await rig.redis.kill()
        try:
            yield
        finally:
            await replace(rig)

    return kill


@asynccontextmanager
async def _redis_flushed(rig: FaultRig, node: RigNode) -> AsyncGenerator[None]:
    yield
    await rig.redis.command(b"FLUSHALL")


@dataclass(frozen=True, slots=True)
class Fault:
    """What can be said of one kind."""

    kind: FaultKind
    begin: Begin

    while_it_lasts: Reach = Reach.NONE
    """Whose connections end if it lasts longer than the lease."""

    however_short: Reach = Reach.NONE
    """Whose connections end in any case, since something may have been missed."""

    def reached(self, rig: FaultRig, node: RigNode, reach: Reach) -> Iterable[RigNode]:
        """The nodes that `reach` means, of a fault of `node`."""
        return {Reach.NONE: [], Reach.NODE: [node], Reach.ALL: rig.nodes}[reach]


FAULTS: Final = {
    fault.kind: fault
    for fault in (
        Fault(FaultKind.LINK_CUT, _link_cut, Reach.NODE),
        Fault(FaultKind.REQUESTS_SWALLOWED, _swallowed(TcpProxy.swallow_requests), Reach.NODE),
        Fault(FaultKind.ANSWERS_SWALLOWED, _swallowed(TcpProxy.swallow_answers), Reach.NODE),
        Fault(
            FaultKind.BOTH_WAYS_SWALLOWED,
            _swallowed(TcpProxy.swallow_requests, TcpProxy.swallow_answers),
            Reach.NODE,
        ),
        Fault(FaultKind.ANSWERS_DELAYED, _answers_delayed, Reach.NODE),
        Fault(FaultKind.ANSWERS_LOST, _answers_lost),
        Fault(FaultKind.LOG_TRIMMED, _log_trimmed, Reach.NODE, Reach.NODE),
        Fault(FaultKind.NODE_PAUSED, _node_paused, however_short=Reach.NODE),
        Fault(FaultKind.NODE_KILLED, _node_killed, Reach.NODE, Reach.NODE),
        Fault(FaultKind.REDIS_PAUSED, _redis_paused, Reach.ALL),
        Fault(FaultKind.REDIS_RESTARTED, _redis_killed(lambda rig: rig.redis.start()), Reach.ALL),
        Fault(
            FaultKind.REDIS_EMPTIED,
            _redis_killed(lambda rig: rig.redis.lose_everything()),
            Reach.ALL,
            Reach.ALL,
        ),
        Fault(FaultKind.REDIS_FLUSHED, _redis_flushed, however_short=Reach.ALL),
        Fault(FaultKind.FAILOVER, _redis_killed(FaultRig.fail_over), Reach.ALL, Reach.ALL),
    )
}
