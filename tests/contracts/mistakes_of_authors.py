"""What the type checkers refuse in an author's file. Nobody runs it.

Each mistake has a comment that silences it, and both checkers are told to report a comment that
silences nothing: so the mistake is an error, or this file is.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gatecast import ConnectionIdentity
from gatecast_adapters.memory import MemoryTransport
from gatecast_contracts import (
    Closed,
    FarEnd,
    LiveAdapter,
    Received,
    ServeOptions,
    TransportContract,
)
from tests.contracts.memory_contract import MemoryFarEnd


@dataclass(frozen=True)
class Device:
    """An identity without an account: not one that the suite can test with."""

    serial_number: str


class OfDevices(TransportContract[Device], abstract=True):  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]
    pass


class OfOtherIdentities(TransportContract[ConnectionIdentity], abstract=True):
    def make_identity(self, who: ConnectionIdentity) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return str(who)

    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        transport = MemoryTransport[Device]()

        async def connect(ticket: str) -> FarEnd:
            return MemoryFarEnd(
                await MemoryTransport().serve(identify=lambda: options.identify(ticket))
            )

        yield LiveAdapter(transport, connect)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class CannotVanish(FarEnd):
    async def receive(self) -> Received:
        return Closed(1006, "")


CannotVanish()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]
