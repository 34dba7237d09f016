"""CPU time of the core's own lookups, without a server."""

from contextlib import ExitStack
from typing import Final

from benchmarks.case import Metric
from benchmarks.processes import ModuleProcess
from benchmarks.result import Subjects

_REPEATS: Final = 5
"""Of so many the fastest counts: whatever disturbs one this short makes it slower."""


def measure(subjects: Subjects, rounds: int) -> None:
    """Run all subjects side by side; within a round they take turns, repeat by repeat."""
    with ExitStack() as stack:
        programs = [
            stack.enter_context(ModuleProcess(subject.program, *subject.arguments))
            for subject, _ in subjects
        ]
        for round_number in range(rounds + 1):
            repeats = [[_repeat(program) for program in programs] for _ in range(_REPEATS)]
            if round_number > 0:  # the first one is the warm-up
                fastest = map(min, zip(*repeats, strict=True))
                for (_, result), cost in zip(subjects, fastest, strict=True):
                    result.samples.append({Metric.CORE: cost})


def _repeat(program: ModuleProcess) -> float:
    """The CPU time of a match, in microseconds."""
    program.write("round")
    answer = program.read()
    return int(answer["cpu_ns"]) / int(answer["matches"]) / 1000
