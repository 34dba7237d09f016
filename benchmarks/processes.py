"""Child processes that are spoken to in lines: what servers and load generators have in common."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.case import Program

_ROOT: Final = Path(__file__).parent.parent
SECONDS_TO_ANSWER: Final = 60.0
_SECONDS_TO_EXIT: Final = 5.0

Answer = Mapping[str, int | str]


class BenchmarkError(Exception):
    """A run that cannot be trusted: a message was lost, damaged or late beyond the deadline."""


class NoAnswerError(BenchmarkError):
    """A process did not answer in time; from the load generator: messages did not arrive."""


class LineProcess:
    """A child process that takes lines on stdin and answers with lines of JSON on stdout."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=os.environ | (environment or {}),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout
        self._received = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(_SECONDS_TO_EXIT)
        self._stdin.close()
        self._stdout.close()
        self._selector.close()

    def write(self, line: str) -> None:
        """Send one line; does not wait."""
        self._stdin.write(f"{line}\n".encode())

    def read(self, seconds: float = SECONDS_TO_ANSWER) -> Answer:
        """Wait for the next answer.

        Raises:
            NoAnswerError: no answer within `seconds`.
            BenchmarkError: the process has ended.
        """
        deadline = time.monotonic() + seconds
        while b"\n" not in self._received:
            if not self._selector.select(deadline - time.monotonic()):
                raise NoAnswerError(f"{self._name}: no answer within {seconds:.0f} s")
            data = self._stdout.read(65536)
            if not data:
                raise BenchmarkError(f"{self._name}: ended early")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        answer: Answer = json.loads(line)
        return answer


class ModuleProcess(LineProcess):
    """A program of this checkout, whether the checkout is installed or not."""

    def __init__(self, program: Program, *arguments: str) -> None:
        command = [sys.executable, "-m", f"benchmarks.{program.module}", *arguments]
        paths = [_ROOT, _ROOT / "core", _ROOT / "adapters"]
        super().__init__(program.name, command, {"PYTHONPATH": os.pathsep.join(map(str, paths))})
