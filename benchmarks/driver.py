"""Runs cases."""

from typing import Final

from benchmarks.case import Case, Metric
from benchmarks.measures import across_nodes, core, fan_out, memory
from benchmarks.result import CaseResult, SubjectResult

_MEASURES: Final = {
    Metric.CPU: fan_out.measure,
    Metric.P99: fan_out.measure,
    Metric.MEMORY: memory.measure,
    Metric.CORE: core.measure,
    Metric.ACROSS: across_nodes.measure,
}


def run_case(case: Case, rounds: int) -> CaseResult:
    """Run all rounds of a case, after one round of warm-up that is not counted.

    Raises:
        BenchmarkError: what was measured can't be trusted.
    """
    first = case.subjects[0].label
    results = [
        SubjectResult(subject.label, subject.reference or first, subject.goals)
        for subject in case.subjects
    ]
    _MEASURES[case.metric](list(zip(case.subjects, results, strict=True)), rounds)
    return CaseResult(case.name, case.title, case.metric, results)
