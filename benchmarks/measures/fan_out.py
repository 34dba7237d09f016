"""CPU time and latency of messages on their way to many connections.

All servers of a case run side by side, each with its connections. Within a round they take turns
batch by batch, so that whatever else the machine does meets all of them alike. A server's CPU time
is read before and after each of its batches; what it does while it waits for its turn is not
counted.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks.case import Metric, Sample, Subject
from benchmarks.load_generator import LoadGenerator
from benchmarks.measures import take_turns
from benchmarks.processes import Answer, NoAnswerError
from benchmarks.redis_process import RedisProcess
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
        take_turns([run.warm_up() for run in runs])
        for _ in range(rounds):
            take_turns([run.measure() for run in runs])


class _SubjectRun:
    """One subject with its server and load generator, through all rounds of a case."""

    def __init__(self, subject: Subject, result: SubjectResult, stack: ExitStack) -> None:
        self._result = result
        self._load = subject.load
        self._next_sequence = 1
        self._servers = _nodes(subject, stack)
        self._generators = [
            stack.enter_context(LoadGenerator(subject.load, server.port))
            for server in self._servers
        ]
        for server, generator in zip(self._servers, self._generators, strict=True):
            generator.ask(f"open {subject.load.connections}")
            if subject.load.stalled:
                generator.ask("stall")
            server.wait_for_connections(subject.load.connections + subject.load.stalled)

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
        for generator in self._generators:
            generator.ask(f"round {first} {load.messages} {load.batch} {load.groups}")
        cpu_ns = 0
        for batch in range(first, self._next_sequence, load.batch):
            cpu_ns += self._deliver(batch)
            yield
        return _sample([generator.expect() for generator in self._generators], cpu_ns)

    def _deliver(self, first: int) -> int:
        """Send one batch and wait until it has arrived; returns the CPU time of the servers."""
        before = self._cpu_ns()
        self._servers[0].send(first, self._load.batch, self._load.groups)
        for generator in self._generators:
            generator.expect(_SECONDS_TO_DELIVER)
        return self._cpu_ns() - before

    def _cpu_ns(self) -> int:
        return sum(int(each.stats(_SECONDS_TO_DELIVER)["cpu_ns"]) for each in self._servers)


def _nodes(subject: Subject, stack: ExitStack) -> list[ServerProcess]:
    """The subject's servers, with a Redis of their own if there are several."""
    if subject.load.nodes == 1:
        return [stack.enter_context(ServerProcess(subject))]
    redis = stack.enter_context(RedisProcess())
    return [
        stack.enter_context(ServerProcess(subject, "--redis", str(redis.port)))
        for _ in range(subject.load.nodes)
    ]


def _sample(done: Sequence[Answer], cpu_ns: int) -> Sample:
    """The latency is that of the last node: of several, it is not the one that was told to send."""
    delivered = sum(int(answer["delivered"]) for answer in done)
    compressed = sum(int(answer["compressed"]) for answer in done)
    sample = {
        Metric.CPU: cpu_ns / delivered / 1000,
        Metric.COMPRESSED: compressed / delivered,
        Metric.LOAD: sum(int(answer["cpu_ns"]) for answer in done) / delivered / 1000,
    }
    # The load generator does not look into compressed messages, so it can't tell their age.
    if compressed < delivered:
        sample[Metric.P50] = int(done[-1]["p50_ns"]) / 1e6
        sample[Metric.P99] = int(done[-1]["p99_ns"]) / 1e6
    return sample
