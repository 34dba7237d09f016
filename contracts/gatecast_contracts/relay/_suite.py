"""The contract of a relay: everything that it promises."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from gatecast_contracts._contract import Contract
from gatecast_contracts.capabilities import Capabilities, RelayCapability
from gatecast_contracts.relay._log import RelayLog
from gatecast_contracts.relay._parts.gaps import Gaps
from gatecast_contracts.relay._parts.outages import Outages
from gatecast_contracts.relay._parts.publishing import Publishing
from gatecast_contracts.relay._parts.reading import Reading

__all__ = ["RelayContract"]


class RelayContract(Contract, abstract=True, parts=(Publishing, Reading, Gaps, Outages)):
    """Subclass it and define `open_log`, and pytest runs every test of the suite."""

    backlog_size: ClassVar[int] = 2048
    """How many entries are more than one read returns (RLY-6)."""

    capabilities: ClassVar[Capabilities[RelayCapability]] = Capabilities()
    """What the relay declines, with reasons."""

    @abstractmethod
    def open_log(self) -> AbstractAsyncContextManager[RelayLog]:
        """Make a new log that is empty; when it is left, remove it and close its relay objects.

        Every test enters it once, and one has two logs at the same time.
        """
        raise NotImplementedError
