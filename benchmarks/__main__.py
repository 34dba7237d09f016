"""The command line: runs cases, prints their tables and keeps the figures as JSON."""

import argparse
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.case import Case
from benchmarks.cases import FULL, SHORT
from benchmarks.driver import run_case
from benchmarks.result import RunResult
from benchmarks.table import render_case

_RESULTS: Final = Path(__file__).parent / "results"


@dataclass
class _Arguments(argparse.Namespace):
    full: bool = False
    only: str | None = None
    rounds: int = 3
    output: Path | None = None


def main() -> None:
    """Run the cases that the arguments choose."""
    arguments = _parse_arguments()
    _raise_file_limit()
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = arguments.output or _RESULTS / f"{started.replace(':', '')}.json"
    run = RunResult(started, arguments.rounds, machine.describe(), [])
    for case in _chosen(arguments):
        result = run_case(case, arguments.rounds)
        print(f"{render_case(result)}\n", flush=True)
        run.cases.append(result)
        run.save(path)  # after each case, so that a later one that fails loses nothing
    print(f"Saved in {path}.")


def _parse_arguments() -> _Arguments:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--full", action="store_true", help="all cases; the default is a short run")
    parser.add_argument("--only", choices=[case.name for case in FULL], help="one case")
    parser.add_argument("--rounds", type=int, default=3, help="how often each subject is measured")
    parser.add_argument("--output", type=Path, help="the JSON file to write")
    return parser.parse_args(namespace=_Arguments())


def _chosen(arguments: _Arguments) -> Iterable[Case]:
    if arguments.only is not None:
        return [case for case in FULL if case.name == arguments.only]
    return FULL if arguments.full else SHORT


def _raise_file_limit() -> None:
    """Let this process and its children open as many files as the system permits."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


if __name__ == "__main__":
    main()
