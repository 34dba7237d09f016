"""Plans of what happens to a cluster: made at random, the same ones from the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, TypeAlias

from tests.support.faults import FaultKind

__all__ = ["ACCOUNTS", "Act", "Broadcast", "Connect", "Episode", "Plan", "Revoke", "plan_of"]

ACCOUNTS: Final = 5
"""How many accounts an episode has. The last of them is never revoked."""

_NODES: Final = 2
_SESSIONS: Final = 2
_BESIDE: Final = (
    FaultKind.REDIS_PAUSED,
    FaultKind.REDIS_RESTARTED,
    FaultKind.REDIS_EMPTIED,
    FaultKind.REDIS_FLUSHED,
    FaultKind.FAILOVER,
)
"""What may happen to Redis while something else happens to a node."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Someone connects, and is identified after so many seconds."""

    node: int
    account: int
    session: int
    stream: bool
    hesitation: float = 0.0


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A node publishes a message: for one account, for a tier, or for all."""

    node: int
    account: int | None = None
    tier: int | None = None


@dataclass(frozen=True, slots=True)
class Revoke:
    """A node is told to end a session, or else an account."""

    node: int
    account: int
    session: int | None = None


Act: TypeAlias = Connect | Broadcast | Revoke


@dataclass(frozen=True, slots=True)
class Episode:
    """Faults that overlap, and what is done in the middle of them."""

    present: tuple[Connect, ...]
    """Who is there when they begin."""
    node: int
    """The one that a fault of one node is about."""
    faults: tuple[FaultKind, ...]
    lasting: bool
    """Whether the faults go on until all that has to end with them has ended."""
    acts: tuple[tuple[float, Act], ...]
    """Each with the seconds that go by before it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens, one episode after the other."""

    seed: int
    episodes: tuple[Episode, ...]


def plan_of(seed: int, *kinds: FaultKind) -> Plan:
    """The plan with this seed. With `kinds` it has one brief and one lasting fault of each."""
    return _Planner(seed).plan(kinds)


class _Planner:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)

    def plan(self, kinds: tuple[FaultKind, ...]) -> Plan:
        if kinds:
            episodes = [
                self._episode((kind,), lasting) for kind in kinds for lasting in (False, True)
            ]
        else:
            episodes = [
                self._episode(self._faults(), self._chance(0.4))
                for _ in range(self._random.choice((1, 1, 2)))
            ]
        return Plan(self._seed, tuple(episodes))

    def _present(self) -> tuple[Connect, ...]:
        return tuple(
            Connect(node, account, self._session(), self._chance(0.5))
            for account in range(ACCOUNTS)
            for node in range(_NODES)
        )

    def _faults(self) -> tuple[FaultKind, ...]:
        first = self._random.choice(list(FaultKind))
        if first in _BESIDE or first is FaultKind.LOG_TRIMMED or self._chance(0.6):
            return (first,)
        return (first, self._random.choice(_BESIDE))

    def _episode(self, faults: tuple[FaultKind, ...], lasting: bool) -> Episode:
        node = self._node()
        acts: list[Act] = [self._act() for _ in range(self._random.randrange(6, 12))]
        # What the other node can do meanwhile is what this one may miss.
        acts.insert(self._random.randrange(3), Revoke(1 - node, self._mortal()))
        acts.append(Broadcast(1 - node))
        if FaultKind.ANSWERS_LOST in faults:
            acts += [Broadcast(node)] * 10
        timed = tuple((self._pause(), act) for act in acts)
        return Episode(self._present(), node, faults, lasting, timed)

    def _act(self) -> Act:
        chosen = self._random.random()
        if chosen < 0.15:
            return Revoke(self._node(), self._mortal(), self._session())
        if chosen < 0.4:
            hesitation = self._random.random() * 0.1
            account = self._random.randrange(ACCOUNTS)
            return Connect(self._node(), account, self._session(), self._chance(0.5), hesitation)
        return self._broadcast()

    def _broadcast(self) -> Broadcast:
        chosen = self._random.random()
        if chosen < 0.3:
            return Broadcast(self._node(), account=self._random.randrange(ACCOUNTS))
        if chosen < 0.6:
            return Broadcast(self._node(), tier=self._random.randrange(2))
        return Broadcast(self._node())

    def _node(self) -> int:
        return self._random.randrange(_NODES)

    def _mortal(self) -> int:
        return self._random.randrange(ACCOUNTS - 1)

    def _session(self) -> int:
        return self._random.randrange(_SESSIONS)

    def _pause(self) -> float:
        return self._random.random() * 0.03

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability
