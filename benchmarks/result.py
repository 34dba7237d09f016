"""What a run measured: medians, ratios, and the file it is kept in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Self

from pydantic import TypeAdapter

from benchmarks.case import Goal, Metric, Sample, Subject


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Self | None:
        """`None` without values."""
        return cls(median(values), min(values), max(values)) if values else None


@dataclass
class SubjectResult:
    """What was measured of one subject, round by round."""

    label: str
    reference: str
    """The label of the subject that this one is divided by."""
    goals: tuple[Goal, ...] = ()
    samples: list[Sample] = field(default_factory=list[Sample])
    failure: str | None = None
    """Why the subject did not finish its rounds."""

    def spread(self, metric: Metric) -> Spread | None:
        """The subject's figures for one metric; `None` if there are none."""
        return Spread.of([sample[metric] for sample in self.samples if metric in sample])

    def ratio(self, reference: "SubjectResult", metric: Metric) -> Spread | None:
        """This subject's figures divided by those of the reference in the same rounds.

        `None` if one of the two did not finish its rounds.
        """
        if self.failure is not None or reference.failure is not None:
            return None
        pairs = zip(self.samples, reference.samples, strict=True)
        return Spread.of([own[metric] / other[metric] for own, other in pairs])


Subjects = Sequence[tuple[Subject, SubjectResult]]
"""The subjects of a case, each with the result that its samples are added to."""


@dataclass(frozen=True)
class CaseResult:
    """What was measured of one case."""

    name: str
    title: str
    metric: Metric
    subjects: list[SubjectResult]

    def subject(self, label: str) -> SubjectResult:
        """Look a subject up by its label."""
        return next(subject for subject in self.subjects if subject.label == label)


@dataclass(frozen=True)
class RunResult:
    """What one run measured, and where."""

    started: str
    rounds: int
    machine: dict[str, str]
    cases: list[CaseResult]

    def save(self, path: Path) -> None:
        """Write the run to a JSON file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_ADAPTER.dump_json(self, indent=2))

    @staticmethod
    def load(path: Path) -> "RunResult":
        """Read a run from a JSON file."""
        return _ADAPTER.validate_json(path.read_bytes())


_ADAPTER = TypeAdapter(RunResult)
