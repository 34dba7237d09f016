"""Relays with exactly one thing wrong, and which promises that breaks.

Each is a client of a broker in memory with a small change. A broken relay is listed under every
promise that it breaks, and the suite must say exactly that.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from types import new_class
from typing import ClassVar, TypeVar
from uuid import uuid4

import anyio
import pytest
from anyio.lowlevel import checkpoint
from typing_extensions import override

from gatecast.errors import RelayGapError, RelayUnavailableError
from gatecast.ports import Position, Relay, RelayBatch
from gatecast_contracts import RelayContract, RelayLog, proofs_of

__all__ = [
    "BROKEN_RELAYS",
    "BrokenRelay",
    "Broker",
    "BrokerContract",
    "Client",
    "breaks",
    "failures_of",
]


class Broker:
    """A log in memory that clients may be cut off from, written as plainly as can be."""

    def __init__(self) -> None:
        self.reachable = True
        self.readers = 0
        """How many are reading, where a broken client keeps count."""
        self._changed: set[anyio.Event] = set()
        self.lose()

    def lose(self) -> None:
        self.log_id = uuid4().hex
        self.dropped = 0
        self._entries: list[bytes] = []

    def drop_oldest(self, count: int) -> None:
        del self._entries[:count]
        self.dropped += count

    def append(self, entry: bytes) -> None:
        self._entries.append(entry)
        self._wake()

    def cut_off(self) -> None:
        self.reachable = False
        self._wake()

    def tip(self) -> Position | None:
        return self._position(self.dropped + len(self._entries))

    async def read(self, after: Position | None, wait: float) -> RelayBatch:
        await checkpoint()
        if wait > 0 and self._start(after) == len(self._entries):
            await self._wait_for_change(wait)
        start = self._start(after)
        entries = tuple(self._entries[start : start + 256])
        return RelayBatch(entries, self._position(self.dropped + start + len(entries)))

    def _start(self, after: Position | None) -> int:
        if after is None:
            return 0
        log_id, _, count = after.partition("/")
        start = int(count) - self.dropped
        if log_id != self.log_id or not 0 <= start <= len(self._entries):
            raise RelayGapError(after)
        return start

    def _position(self, count: int) -> Position | None:
        return Position(f"{self.log_id}/{count}") if count else None

    async def _wait_for_change(self, seconds: float) -> None:
        changed = anyio.Event()
        self._changed.add(changed)
        try:
            with anyio.move_on_after(seconds):
                await changed.wait()
        finally:
            self._changed.discard(changed)

    def _wake(self) -> None:
        while self._changed:
            self._changed.pop().set()


class Client:
    """A relay object that has nothing wrong."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    async def publish(self, entry: bytes) -> None:
        self.reach()
        self.broker.append(entry)
        await checkpoint()

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        self.reach()
        batch = await self.broker.read(after, wait)
        self.reach()
        return batch

    def reach(self) -> None:
        if not self.broker.reachable:
            raise RelayUnavailableError("cut off")


class BrokerLog(RelayLog):
    """Every relay object is a client of its own."""

    def __init__(self, client_type: type[Client]) -> None:
        self._broker = Broker()
        self._client_type = client_type

    @override
    async def connect(self) -> Relay:
        return self._client_type(self._broker)

    @override
    async def drop_oldest(self, count: int) -> None:
        self._broker.drop_oldest(count)

    @override
    async def lose(self) -> None:
        self._broker.lose()

    @override
    async def cut_off(self) -> None:
        self._broker.cut_off()

    @override
    async def restore(self) -> None:
        self._broker.reachable = True


class BrokerContract(RelayContract, abstract=True):
    client_type: ClassVar[type[Client]] = Client

    @asynccontextmanager
    async def open_log(self) -> AsyncGenerator[RelayLog]:
        yield BrokerLog(self.client_type)


@dataclass(frozen=True)
class BrokenRelay:
    """One broken relay."""

    name: str
    contract: type[BrokerContract]
    promises: frozenset[str]


BROKEN_RELAYS: list[BrokenRelay] = []

TClient = TypeVar("TClient", bound=type[Client])


def breaks(*promise_ids: str) -> Callable[[TClient], TClient]:
    """List a broken client as breaking these promises."""

    def enlist(client_type: TClient) -> TClient:
        contract = _contract_over(client_type)
        BROKEN_RELAYS.append(BrokenRelay(client_type.__name__, contract, frozenset(promise_ids)))
        return client_type

    return enlist


def _contract_over(client_type: type[Client]) -> type[BrokerContract]:
    # Nothing in memory takes time: what has not come by now does not come.
    namespace = {"patience": 1.0, "backlog_size": 600, "client_type": client_type}
    return new_class("Broken", (BrokerContract,), exec_body=lambda ns: ns.update(namespace))


@cache
def failures_of(broken: BrokenRelay) -> dict[str, str]:
    """The tests that fail over `broken`, each with the promise that its message begins with."""
    failures: dict[str, str] = {}
    for name in proofs_of(broken.contract):
        try:
            getattr(broken.contract(), name)()
        except (AssertionError, pytest.fail.Exception) as error:
            failures[name] = str(error).partition(":")[0]
    return failures
