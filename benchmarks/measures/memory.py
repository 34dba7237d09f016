"""Resident memory of a server for each connection that it holds."""

from typing import Final

from benchmarks.case import Metric, Sample, Subject
from benchmarks.load_generator import LoadGenerator
from benchmarks.result import Subjects
from benchmarks.server_process import ServerProcess

_WARM_UP_CONNECTIONS: Final = 100


def measure(subjects: Subjects, rounds: int) -> None:
    """Start every server anew for each round, since a process does not give memory back."""
    for _ in range(rounds):
        for subject, result in subjects:
            result.samples.append(_sample(subject))


def _sample(subject: Subject) -> Sample:
    count = subject.load.connections
    with ServerProcess(subject) as server, LoadGenerator(subject.load, server.port) as load:
        before = _resident_after_opening(server, load, _WARM_UP_CONNECTIONS, 0)
        after = _resident_after_opening(server, load, count, _WARM_UP_CONNECTIONS)
    return {Metric.MEMORY: (after - before) / count / 1000}


def _resident_after_opening(
    server: ServerProcess, load: LoadGenerator, count: int, already_open: int
) -> int:
    load.ask(f"open {count}")
    server.wait_for_connections(already_open + count)
    return int(server.stats()["rss_bytes"])
