"""The load generator as a process, compiled when it is first needed."""

import subprocess
from pathlib import Path
from typing import Final

from benchmarks.case import Load
from benchmarks.message import template_for
from benchmarks.processes import SECONDS_TO_ANSWER, Answer, BenchmarkError, LineProcess

_HERE: Final = Path(__file__).parent


class LoadGenerator(LineProcess):
    """One load generator with its connections to one server."""

    def __init__(self, load: Load, port: int) -> None:
        template = template_for(load.message_bytes, load.protocol)
        offsets = [str(template.sequence_at), str(template.sent_at_at)]
        offer = ["deflate"] if load.offer_deflate else []
        command = [str(_build()), load.protocol, str(port), template.body, *offsets, *offer]
        super().__init__("load generator", command)

    def ask(self, line: str) -> None:
        """Send a command and wait until it has been carried out."""
        self.write(line)
        self.expect()

    def expect(self, seconds: float = SECONDS_TO_ANSWER) -> Answer:
        """Wait for the next event.

        Raises:
            NoAnswerError: nothing happened within `seconds`.
            BenchmarkError: the load generator received something wrong.
        """
        event = self.read(seconds)
        if event["event"] == "error":
            raise BenchmarkError(str(event["reason"]))
        return event


def _build() -> Path:
    """Compile the load generator unless it is newer than its sources; returns its path."""
    program = _HERE / "build" / "load"
    sources = sorted((_HERE / "load").glob("*.[ch]"))
    if not program.exists() or program.stat().st_mtime < max(s.stat().st_mtime for s in sources):
        program.parent.mkdir(exist_ok=True)
        units = [str(source) for source in sources if source.suffix == ".c"]
        flags = ["-std=c11", "-O2", "-Wall", "-Wextra"]
        subprocess.run(["cc", *flags, "-o", str(program), *units], check=True)
    return program
