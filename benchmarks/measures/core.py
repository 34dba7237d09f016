"""CPU time of the core's own lookups, without a server."""

from contextlib import ExitStack

from benchmarks.case import Metric, Sample
from benchmarks.processes import Answer, ModuleProcess
from benchmarks.result import Subjects


def measure(subjects: Subjects, rounds: int) -> None:
    """Run every subject's process side by side, and their rounds in turn."""
    with ExitStack() as stack:
        programs = [
            stack.enter_context(ModuleProcess(subject.program, *subject.arguments))
            for subject, _ in subjects
        ]
        for round_number in range(rounds + 1):
            for program, (_, result) in zip(programs, subjects, strict=True):
                program.write("round")
                sample = _sample(program.read())
                if round_number > 0:  # the first one is the warm-up
                    result.samples.append(sample)


def _sample(answer: Answer) -> Sample:
    return {Metric.CORE: int(answer["cpu_ns"]) / int(answer["matches"]) / 1000}
