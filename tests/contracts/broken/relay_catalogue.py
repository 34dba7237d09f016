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

import pytest
from typing_extensions import override

from gatecast import Position, Relay, RelayBatch, RelayUnavailableError
from gatecast_contracts import RelayContract, RelayLog
from gatecast_contracts.proof import proofs_of
from tests.contracts.in_process_relay_contract import InProcessLog, Loseable

__all__ = [
    "BROKEN_RELAYS",
    "BrokenRelay",
    "Broker",
    "BrokerContract",
    "Client",
    "breaks",
    "failures_of",
]


class Broker(Loseable):
    """A log that clients may be cut off from."""

    reachable = True
    readers = 0
    """How many are reading, where a broken client keeps count."""

    @property
    def log_id(self) -> str:
        return self._log_id

    @property
    def dropped(self) -> int:
        return self._dropped

    def tip(self) -> Position | None:
        return self._batch(self._end).position

    def append(self, entry: bytes) -> None:
        self._append(entry)

    def cut_off(self) -> None:
        self.reachable = False
        for event in self._waiting:
            event.set()


class Client:
    """A relay object that has nothing wrong."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    async def publish(self, entry: bytes) -> None:
        self.reach()
        await self.broker.publish(entry)

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        self.reach()
        batch = await self.broker.read(after, wait=wait)
        self.reach()
        return batch

    def reach(self) -> None:
        if not self.broker.reachable:
            raise RelayUnavailableError("cut off")


class BrokerLog(InProcessLog):
    """Every relay object is a client of its own."""

    def __init__(self, client_type: type[Client]) -> None:
        self.relay: Broker = Broker()
        self._client_type = client_type

    @override
    async def connect(self) -> Relay:
        return self._client_type(self.relay)

    @override
    async def cut_off(self) -> None:
        self.relay.cut_off()

    @override
    async def restore(self) -> None:
        self.relay.reachable = True


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
