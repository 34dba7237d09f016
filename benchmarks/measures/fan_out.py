"""CPU time and latency of messages on their way to many connections.

All servers of a case run side by side, each with its connections. Within a round they take turns
batch by batch, so that whatever else the machine does meets all of them alike. A server's CPU time
is read before and after each of its batches; what it does while it waits for its turn is not
counted.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import zip_longest
from typing import Final

from benchmarks.case import Metric, Sample, Subject
from benchmarks.load_generator import LoadGenerator
from benchmarks.processes import Answer, NoAnswerError
from benchmarks.result import SubjectResult, Subjects
from benchmarks.server_process import ServerProcess

_SECONDS_TO_DELIVER: Final = 5.0


def measure(subjects: Subjects, rounds: int) -> None:
    """Run one round of warm-up, and then those that count.

    Raises:
        BenchmarkError: a message was lost, damaged or out of order.
    """
    with ExitStack() as stack:
        runs = [_SubjectRun(subject, result, stack) for subject, result in subjects]
        _take_turns([run.warm_up() for run in runs])
        for _ in range(rounds):
            _take_turns([run.measure() for run in runs])


def _take_turns(rounds: list[Iterator[None]]) -> None:
    for _ in zip_longest(*rounds):
        pass


class _SubjectRun:
    """One subject with its server and load generator, through all rounds of a case."""

    def __init__(self, subject: Subject, result: SubjectResult, stack: ExitStack) -> None:
        self._result = result
        self._load = subject.load
        self._next_sequence = 1
        self._server = stack.enter_context(ServerProcess(subject))
        self._generator = stack.enter_context(LoadGenerator(subject.load, self._server.port))
        self._generator.ask(f"open {subject.load.connections}")
        if subject.load.stalled:
            self._generator.ask("stall")
        self._server.wait_for_connections(subject.load.connections + subject.load.stalled)

    def warm_up(self) -> Iterator[None]:
        """A round that is not counted; yields after each batch."""
        yield from self._round()

    def measure(self) -> Iterator[None]:
        """A round that is counted; yields after each batch."""
        sample = yield from self._round()
        if sample is not None:
            self._result.samples.append(sample)

    def _round(self) -> Generator[None, None, Sample | None]:
        """A subject that stops delivering is out; that is a result, not an error."""
        if self._result.failure is not None:
            return None
        try:
            return (yield from self._batches())
        except NoAnswerError:
            self._result.failure = f"stopped: nothing delivered for {_SECONDS_TO_DELIVER:.0f} s"
            return None

    def _batches(self) -> Generator[None, None, Sample]:
        load, first = self._load, self._next_sequence
        self._next_sequence += load.messages
        self._generator.ask(f"round {first} {load.messages} {load.batch} {load.groups}")
        cpu_ns = 0
        for batch in range(first, self._next_sequence, load.batch):
            cpu_ns += self._deliver(batch)
            yield
        return _sample(self._generator.expect(), cpu_ns)

    def _deliver(self, first: int) -> int:
        """Send one batch and wait until it has arrived; returns the server's CPU time."""
        before = self._server.stats()
        self._server.send(first, self._load.batch, self._load.groups)
        self._generator.expect(_SECONDS_TO_DELIVER)
        after = self._server.stats()
        return int(after["cpu_ns"]) - int(before["cpu_ns"])


def _sample(done: Answer, cpu_ns: int) -> Sample:
    delivered, compressed = int(done["delivered"]), int(done["compressed"])
    sample = {
        Metric.CPU: cpu_ns / delivered / 1000,
        Metric.COMPRESSED: compressed / delivered,
        Metric.LOAD: int(done["cpu_ns"]) / delivered / 1000,
    }
    # The load generator does not look into compressed messages, so it can't tell their age.
    if compressed < delivered:
        sample[Metric.P50] = int(done["p50_ns"]) / 1e6
        sample[Metric.P99] = int(done["p99_ns"]) / 1e6
    return sample
