"""Adapters with exactly one thing wrong, and which promises that breaks.

Each is the memory adapter with a small change to its transport, its handle or its far end. A broken
adapter is listed under every promise that it breaks, and the suite must say exactly that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import new_class
from typing import TypeVar

import pytest

from gatecast_contracts import proofs_of
from tests.contracts.broken.sound import SoundHandle, SoundTransport
from tests.contracts.memory_contract import MemoryContract, MemoryFarEnd

__all__ = ["BROKEN", "Broken", "breaks", "failures_of", "transport_with"]

TPart = TypeVar("TPart", bound=type[SoundTransport | SoundHandle | MemoryFarEnd | MemoryContract])


@dataclass(frozen=True)
class Broken:
    """One broken adapter."""

    name: str
    contract: type[MemoryContract]
    promises: frozenset[str]


BROKEN: list[Broken] = []


def breaks(*promise_ids: str) -> Callable[[TPart], TPart]:
    """List a broken part, in an otherwise sound adapter, as breaking these promises."""

    def enlist(part: TPart) -> TPart:
        BROKEN.append(Broken(part.__name__, _contract_over(part), frozenset(promise_ids)))
        return part

    return enlist


def _contract_over(
    part: type[SoundTransport | SoundHandle | MemoryFarEnd | MemoryContract],
) -> type[MemoryContract]:
    if issubclass(part, MemoryContract):
        return _contract(part)
    if issubclass(part, SoundTransport):
        return _contract(MemoryContract, transport_type=part)
    if issubclass(part, SoundHandle):
        return _contract(MemoryContract, transport_type=transport_with(part))
    return _contract(MemoryContract, far_end_type=part)


def _contract(base: type[MemoryContract], **attributes: type) -> type[MemoryContract]:
    # Nothing in memory takes time: what has not come by now does not come.
    namespace = {"patience": 1.0, "flood_size": 12, **attributes}
    return new_class(f"Broken{base.__name__}", (base,), exec_body=lambda ns: ns.update(namespace))


def transport_with(handle_type: type[SoundHandle]) -> type[SoundTransport]:
    """A transport whose connections have handles of this type."""
    namespace = {"handle_type": handle_type}
    return new_class("Sound", (SoundTransport,), exec_body=lambda ns: ns.update(namespace))


@cache
def failures_of(broken: Broken) -> dict[str, str]:
    """The tests that fail over `broken`, each with the promise that its message begins with."""
    failures: dict[str, str] = {}
    for name in proofs_of(broken.contract):
        try:
            getattr(broken.contract(), name)()
        except (AssertionError, pytest.fail.Exception) as error:
            failures[name] = str(error).partition(":")[0]
    return failures
