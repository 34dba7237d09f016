"""Results as Markdown tables, which read well in a terminal too."""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.case import Goal, Metric
from benchmarks.result import CaseResult, RunResult, Spread, SubjectResult

_HEADERS: Final = {
    Metric.CPU: "CPU µs/message",
    Metric.P50: "p50 ms",
    Metric.P99: "p99 ms",
    Metric.ACROSS: "p50 ms",
    Metric.COMPRESSED: "compressed",
    Metric.LOAD: "load generator CPU µs",
    Metric.MEMORY: "kB/connection",
    Metric.CORE: "CPU µs/match",
}
_FURTHER_COLUMNS: Final[dict[Metric, tuple[Metric, ...]]] = {
    Metric.CPU: (Metric.P50, Metric.P99, Metric.COMPRESSED, Metric.LOAD),
    Metric.P99: (Metric.P50, Metric.CPU),
    Metric.MEMORY: (),
    Metric.CORE: (),
    Metric.ACROSS: (Metric.P99,),
}


def render_run(run: RunResult) -> str:
    """Render all cases of a run and the description of the machine."""
    facts = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    heading = f"Measured {run.started}, {run.rounds} rounds: {facts}."
    return "\n\n".join([heading, *map(render_case, run.cases)])


def render_case(case: CaseResult) -> str:
    """Render one case: its metric, the ratio to the reference, what else is known, the goals."""
    further = _FURTHER_COLUMNS[case.metric]
    headers = ["", _HEADERS[case.metric], "ratio", "min-max", "to"]
    headers += [_HEADERS[metric] for metric in further]
    rows = [_row(case, subject, further) for subject in case.subjects]
    goals = [_goal_line(case, subject, goal) for subject in case.subjects for goal in subject.goals]
    parts = [f"### {case.title}", _table(headers, rows), "\n".join(goals)]
    return "\n\n".join(part for part in parts if part)


def _row(case: CaseResult, subject: SubjectResult, further: Sequence[Metric]) -> list[str]:
    if subject.failure is not None:
        return [subject.label, subject.failure, "", "", "", *("" for _ in further)]
    others = [_cell(subject, metric) for metric in further]
    return [
        subject.label,
        _cell(subject, case.metric),
        *_ratio_cells(case, subject),
        *others,
    ]


def _cell(subject: SubjectResult, metric: Metric) -> str:
    spread = subject.spread(metric)
    if spread is None:
        return ""
    return f"{spread.median:.0%}" if metric is Metric.COMPRESSED else _number(spread.median)


def _ratio_cells(case: CaseResult, subject: SubjectResult) -> list[str]:
    reference = case.subject(subject.reference)
    ratio = subject.ratio(reference, case.metric)
    if ratio is None or reference is subject:
        return ["", "", ""]
    return [f"{ratio.median:.2f}", _range(ratio), reference.label]


def _goal_line(case: CaseResult, subject: SubjectResult, goal: Goal) -> str:
    ratio = subject.ratio(case.subject(goal.reference), case.metric)
    aim = f"{subject.label}: at most {goal.at_most:g} times {goal.reference}"
    if ratio is None:
        return f"* {aim}: not measured"
    verdict = "reached" if ratio.median <= goal.at_most else "**missed**"
    return f"* {aim}: {ratio.median:.2f} ({_range(ratio)}), {verdict}"


def _range(ratio: Spread) -> str:
    return f"{ratio.low:.2f}-{ratio.high:.2f}"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    return "\n".join(_table_lines(lines, widths))


def _table_lines(lines: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for position, line in enumerate(lines):
        first, *others = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
        yield f"| {' | '.join(cells)} |"
        if position == 0:
            rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
            yield f"| {' | '.join(rules)} |"
