"""Faults on the real thing: two nodes and a Redis as processes, real clients, and what they saw.

After each plan no connection with a revoked credential was open past the bound, and no client saw
a message that it may not see, or twice, or out of order, or missed one while it stayed connected.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import pytest

from tests.support.fault_plan import plan_of
from tests.support.fault_rig import FaultRig
from tests.support.fault_trial import carry_out
from tests.support.faults import FaultKind

pytestmark = pytest.mark.anyio

SHORT: Final = range(25, 45)
LONG: Final = 300


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The event loop of the driver; the nodes have their own."""
    return "asyncio"


@pytest.fixture(scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[FaultRig]:
    """The same processes for all plans, since these heal what they break."""
    folder: Path = tmp_path_factory.mktemp("revoked")
    async with FaultRig.running(folder) as rig:
        yield rig


@pytest.mark.parametrize("kind", FaultKind)
async def test_the_promises_hold_through(rig: FaultRig, kind: FaultKind) -> None:
    await carry_out(plan_of(0, kind), rig)


@pytest.mark.parametrize("seed", SHORT)
async def test_the_promises_hold_through_random_faults(rig: FaultRig, seed: int) -> None:
    await carry_out(plan_of(seed), rig)


def test_the_fixed_seeds_have_every_kind_of_fault() -> None:
    episodes = [episode for seed in SHORT for episode in plan_of(seed).episodes]
    assert {kind for episode in episodes for kind in episode.faults} == set(FaultKind)


@pytest.mark.long
async def test_the_promises_hold_through_hundreds_of_random_faults(rig: FaultRig) -> None:
    first = int(os.environ.get("GATECAST_SEED", random.randrange(10**9)))
    for seed in range(first, first + LONG):
        await carry_out(plan_of(seed), rig)
