"""A server in a process of its own, to be stopped as a supervisor does it."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import anyio

from tests.packages import ROOT, ROOTS
from tests.requirements import require
from tests.support.waiting import PATIENCE

__all__ = ["ServerProcess", "raise_file_limit"]


class ServerProcess:
    """A Python program that runs uvicorn and says on which port."""

    def __init__(self, process: Process, log: asyncio.StreamReader) -> None:
        self._process = process
        self._log = log
        self._lines: list[str] = []
        self._reading: asyncio.Task[None] | None = None
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[ServerProcess]:
        """Run Python with `arguments` until it serves, and kill it in the end if need be."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=ROOT,
            env={
                **os.environ,
                **(environment or {}),
                "PYTHONPATH": os.pathsep.join(map(str, ROOTS)),
            },
            stdout=DEVNULL,
            stderr=PIPE,
        )
        assert process.stderr is not None
        server = cls(process, process.stderr)
        try:
            await server._start()
            yield server
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            if server._reading is not None:
                await server._reading

    def terminate(self) -> None:
        """Send it SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def pause(self) -> None:
        """Have it do nothing, with its connections open (SIGSTOP)."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on (SIGCONT)."""
        self._process.send_signal(signal.SIGCONT)

    async def ended(self, within: float) -> int:
        """The exit code, negative if a signal ended it; and then the whole log is there."""
        assert self._reading is not None
        with anyio.fail_after(within):
            await self._reading
            return await self._process.wait()

    @property
    def log(self) -> str:
        return "".join(self._lines)

    async def _start(self) -> None:
        self._reading = asyncio.create_task(self._read())
        with anyio.fail_after(2 * PATIENCE):
            while not (found := re.search(r"running on http://127\.0\.0\.1:(\d+)", self.log)):
                assert not self._reading.done(), self.log
                await asyncio.sleep(0.01)
        self.port = int(found[1])

    async def _read(self) -> None:
        while line := await self._log.readline():
            self._lines.append(line.decode())


def raise_file_limit(wanted: int) -> None:
    """Let this process, and those it starts, have `wanted` open files; skip if it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        enough = wanted if hard >= wanted or hard == resource.RLIM_INFINITY else None
        limit = require(enough, f"no more than {hard} open files are allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
