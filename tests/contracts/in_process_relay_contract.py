"""The contract over the relay in memory: what the suite's own tests start from."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gatecast.ports import Relay
from gatecast_adapters.in_process_relay import InProcessRelay
from gatecast_contracts import Capabilities, RelayCapability, RelayContract, RelayLog

__all__ = ["InProcessLog", "InProcessRelayContract"]


class InProcessLog(RelayLog):
    """All processes are one, and have one relay object."""

    def __init__(self) -> None:
        self.relay = InProcessRelay()

    async def connect(self) -> Relay:
        return self.relay

    async def drop_oldest(self, count: int) -> None:
        self.relay.drop_oldest(count)

    async def lose(self) -> None:
        self.relay.lose()


class InProcessRelayContract(RelayContract, abstract=True):
    capabilities = Capabilities(declined={RelayCapability.OUTAGE: "it is in the same process"})

    @asynccontextmanager
    async def open_log(self) -> AsyncGenerator[RelayLog]:
        yield InProcessLog()
