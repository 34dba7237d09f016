"""The author's side of a relay's contract: one log, and what may happen to it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol, runtime_checkable

from gatecast.ports.relay import Relay
from gatecast_contracts._contract import ContractDefinitionError

__all__ = ["RelayHooks", "RelayLog"]


@runtime_checkable
class RelayLog(Protocol):
    """One log as its operator sees it, who goes around the relays to it.

    A subclass has to say how relays are made and how entries are lost. Who does not decline
    `RelayCapability.OUTAGE` also says how the relays are cut off.
    """

    async def connect(self) -> Relay:
        """Make another relay object over the log, as another process would have it.

        It needs to keep at least `backlog_size` entries of a few bytes, and 9 MiB in one test.
        """
        ...

    async def drop_oldest(self, count: int) -> None:
        """Remove the oldest `count` entries; there are always more than that."""
        ...

    async def lose(self) -> None:
        """Remove the whole log and all memory of it, as a broker does that lost its disk.

        The relay objects go on, and what they publish next begins a new log.
        """
        ...

    async def cut_off(self) -> None:
        """Take the log out of reach of every relay object, those in the middle of a read included.

        In the worst way there is: where a peer can be silent rather than refuse, it is silent.
        """
        raise self._missing("cut_off")

    async def restore(self) -> None:
        """Undo `cut_off`; what was in the log still is."""
        raise self._missing("restore")

    def _missing(self, hook: str) -> ContractDefinitionError:
        return ContractDefinitionError(
            type(self).__qualname__,
            f"{hook} is missing; define it, or decline RelayCapability.OUTAGE with a reason",
        )


class RelayHooks(Protocol):
    """What a rig asks of a contract; `RelayContract` says what each is for."""

    patience: ClassVar[float]
    backlog_size: ClassVar[int]

    def open_log(self) -> AbstractAsyncContextManager[RelayLog]: ...
