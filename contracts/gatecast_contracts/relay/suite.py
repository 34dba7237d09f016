"""The contract of a relay: everything that it promises."""

from __future__ import annotations

from gatecast_contracts.relay.gaps import RelayGapContract
from gatecast_contracts.relay.outages import RelayOutageContract
from gatecast_contracts.relay.publishing import RelayPublishingContract
from gatecast_contracts.relay.reading import RelayReadingContract

__all__ = ["RelayContract"]


class RelayContract(
    RelayPublishingContract,
    RelayReadingContract,
    RelayGapContract,
    RelayOutageContract,
    abstract=True,
):
    """Subclass it and define `open_log`, and pytest runs every test of the suite."""
