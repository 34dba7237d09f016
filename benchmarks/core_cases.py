"""The cases of the core alone: what a lookup costs, however many connections are registered.

The goal is that N does not matter. With a hundred connections alone, everything would be in the
processor's caches, and the comparison would be one of caches. So small transports are measured in
such a number that all rows have the same number of connections in memory. The full run also has the
rows with one transport each.
"""

from dataclasses import replace
from typing import Final

from benchmarks.case import Case, Goal, Load, Metric, Program, Subject
from benchmarks.programs import CLOSE_ACCOUNT, CLOSE_SESSION, CLOSE_TOKEN, SEND_TO_ACCOUNT

_SIZES: Final = (100, 1_000, 10_000, 100_000)
_PROGRAMS: Final = (SEND_TO_ACCOUNT, CLOSE_SESSION, CLOSE_ACCOUNT, CLOSE_TOKEN)


def _flat_case(program: Program) -> Case:
    smallest, *larger = (_subject(program, size, max(_SIZES) // size) for size in _SIZES)
    goals = (Goal(smallest.label, 1.15),)
    return Case(
        name=f"core-{program.name}",
        title=f"The core alone: {program.name}, three matches, the same memory for all rows",
        metric=Metric.CORE,
        subjects=(smallest, *(replace(subject, goals=goals) for subject in larger)),
    )


def _single_case(program: Program) -> Case:
    return Case(
        name=f"core-{program.name}-single",
        title=f"The core alone: {program.name}, three matches, one transport",
        metric=Metric.CORE,
        subjects=tuple(_subject(program, size, 1) for size in (*_SIZES, 1_000_000)),
    )


def _subject(program: Program, size: int, transports: int) -> Subject:
    arguments = (program.name, str(size), str(transports))
    return Subject(program, Load(size), f"{size:,} registered", arguments)


CORE: Final = tuple(map(_flat_case, _PROGRAMS[:2]))
CORE_FULL: Final = (*map(_flat_case, _PROGRAMS[2:]), *map(_single_case, _PROGRAMS))
