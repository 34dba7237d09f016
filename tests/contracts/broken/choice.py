"""Which of the broken parts `make test` tries: one for each promise. `make test-all` tries all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

import pytest

__all__ = ["one_for_each_promise"]


class Breaking(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def promises(self) -> frozenset[str]: ...


TBreaking = TypeVar("TBreaking", bound=Breaking)


def one_for_each_promise(broken: Iterable[TBreaking]) -> list[pytest.ParameterSet]:
    """All of `broken`; what breaks only what one before it breaks as well is marked `all`."""
    shown: set[str] = set()
    chosen: list[pytest.ParameterSet] = []
    for each in broken:
        marks = () if each.promises - shown else pytest.mark.all
        chosen.append(pytest.param(each, id=each.name, marks=marks))
        shown |= each.promises
    return chosen
