"""Two nodes as real processes, each with its own way to one real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import httpx
from pydantic import BaseModel

from gatecast.cluster._node import NodeState
from tests.support.cluster_control import STREAM, HealthReply, NodeSettings
from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerProcess
from tests.support.tcp_proxy import TcpProxy

__all__ = ["BOUND", "LEASE", "RECOVERY", "SLACK", "FaultRig", "RigNode", "become_true"]

LEASE: Final = 1.0
CLOSE_TIMEOUT: Final = 0.5
SLACK: Final = 4.0
"""For a machine that is busy; a promise that holds takes none of it."""
BOUND: Final = LEASE + CLOSE_TIMEOUT + SLACK
"""Within how many seconds a revoked connection is closed, as its client sees it."""
RECOVERY: Final = 20.0
"""Within how many seconds the nodes are healthy once all faults have ended."""

# One gives a slow relay up before its lease has ended, the other one after that.
_RELAY_TIMEOUTS: Final = (0.75 * LEASE, 2 * LEASE)


class RigNode:
    """One node, which may be several processes one after the other."""

    def __init__(self, proxy: TcpProxy, settings: NodeSettings) -> None:
        self.proxy = proxy
        self.paused = False
        self.resumed_at = 0.0
        """When it was last continued; before that it could close nothing."""
        self.settings = settings
        self._life = AsyncExitStack()
        self._process: ServerProcess | None = None
        self._http: httpx.AsyncClient | None = None

    @property
    def port(self) -> int:
        assert self._process is not None
        return self._process.port

    @property
    def log(self) -> str:
        return "" if self._process is None else self._process.log

    async def start(self) -> None:
        """Run, as another node than before."""
        arguments = ("-m", "uvicorn", "tests.support.cluster_node_app:app", "--port=0")
        self._process = await self._life.enter_async_context(
            ServerProcess.running(
                *arguments, "--no-access-log", environment=self.settings.environment()
            )
        )
        self._http = await self._life.enter_async_context(
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{self.port}", timeout=RECOVERY, trust_env=False
            )
        )

    async def kill(self) -> None:
        """End it with SIGKILL; idempotent."""
        await self._life.aclose()

    def pause(self) -> None:
        """Stop the process (SIGSTOP)."""
        assert self._process is not None
        self._process.pause()
        self.paused = True

    def resume(self) -> None:
        """Have the process go on."""
        assert self._process is not None
        self._process.resume()
        self.paused = False
        self.resumed_at = time.monotonic()

    async def told(self, path: str, command: BaseModel) -> bool:
        """Have it publish something; whether it could confirm that."""
        assert self._http is not None
        try:
            reply = await self._http.post(path, content=command.model_dump_json())
        except (httpx.HTTPError, RuntimeError):
            return False  # It was killed meanwhile.
        assert reply.status_code in {204, 503}, (path, reply.status_code, self.log)
        return reply.status_code == 204

    async def health(self) -> HealthReply:
        """What it knows of itself."""
        assert self._http is not None
        reply = await self._http.get("/health")
        return HealthReply.model_validate_json(reply.content)

    async def is_healthy(self) -> bool:
        """Whether it follows the log, and admits."""
        try:
            return (await self.health()).state is NodeState.FOLLOWING
        except httpx.TransportError:
            return False  # For one, uvicorn may close an idle connection just when it is used.


class FaultRig:
    """The nodes, and what faults are made of."""

    def __init__(self, redis: RedisServer, standby: RedisServer, nodes: list[RigNode]) -> None:
        self.redis = redis
        self.standby = standby
        self.nodes = nodes
        self.settings = nodes[0].settings
        self._accounts = 0

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path) -> AsyncGenerator[FaultRig]:
        """Run all of it, until all nodes are healthy."""
        async with AsyncExitStack() as stack:
            redis = await stack.enter_async_context(RedisServer.running(durable=True))
            standby = await stack.enter_async_context(RedisServer.running(durable=True))
            nodes: list[RigNode] = []
            for timeout in _RELAY_TIMEOUTS:
                proxy = await stack.enter_async_context(TcpProxy.to(redis.port))
                nodes.append(RigNode(proxy, _settings(proxy, timeout, folder)))
                stack.push_async_callback(nodes[-1].kill)
            await asyncio.gather(*(node.start() for node in nodes))
            rig = cls(redis, standby, nodes)
            await rig.recover()
            yield rig

    async def recover(self) -> None:
        """Return once all nodes are healthy at the same time."""
        await become_true(self._are_healthy, "the nodes to be healthy", within=RECOVERY)

    async def fail_over(self) -> None:
        """Lead all nodes to the standby, which is empty; the old server is dead."""
        self.redis, self.standby = self.standby, self.redis
        for node in self.nodes:
            node.proxy.retarget(self.redis.port)
            node.proxy.cut()
        await self.standby.lose_everything()

    async def log_length(self) -> int:
        """How many entries are in the log."""
        length = await self.redis.command(b"XLEN", STREAM)
        assert isinstance(length, int)
        return length

    def new_accounts(self, count: int) -> int:
        """The first of so many accounts that were never used."""
        first = self._accounts
        self._accounts += count
        return first

    async def _are_healthy(self) -> bool:
        return all(await asyncio.gather(*(node.is_healthy() for node in self.nodes)))


async def become_true(
    condition: Callable[[], Awaitable[bool]], what: str, *, within: float = BOUND
) -> None:
    """Wait for something in another process."""
    with anyio.move_on_after(within):
        while not await condition():  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(0.01)
        return
    raise AssertionError(f"waited {within:g} s in vain for {what}")


def _settings(proxy: TcpProxy, relay_timeout: float, folder: Path) -> NodeSettings:
    return NodeSettings(
        redis_url=f"redis://127.0.0.1:{proxy.port}",
        lease=LEASE,
        close_timeout=CLOSE_TIMEOUT,
        relay_timeout=relay_timeout,
        revoked=folder,
    )
