"""The contract of a transport: everything that an adapter promises."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Generic, TypeVar

from typing_extensions import override

from gatecast.identity.types import ConnectionIdentity
from gatecast_contracts._contract import Contract
from gatecast_contracts.capabilities import Capabilities, Capability
from gatecast_contracts.transport._adapter import ContractIdentity, LiveAdapter, ServeOptions
from gatecast_contracts.transport._parts.admission import Admission
from gatecast_contracts.transport._parts.backpressure import Backpressure
from gatecast_contracts.transport._parts.broadcast import Broadcast
from gatecast_contracts.transport._parts.callbacks import Callbacks
from gatecast_contracts.transport._parts.draining import Draining
from gatecast_contracts.transport._parts.expiry import Expiry
from gatecast_contracts.transport._parts.lifecycle import Lifecycle
from gatecast_contracts.transport._parts.observations import Observations
from gatecast_contracts.transport._parts.registration import Registration
from gatecast_contracts.transport._parts.revocation import Revocation
from gatecast_contracts.transport._parts.shape import Shape

__all__ = ["ConnectionIdentityContract", "TransportContract"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)

_PARTS = (
    Registration,
    Broadcast,
    Callbacks,
    Revocation,
    Expiry,
    Admission,
    Backpressure,
    Lifecycle,
    Observations,
    Draining,
    Shape,
)


class TransportContract(Contract, Generic[TIdentity], abstract=True, parts=_PARTS):
    """Subclass it, define `serve` and `make_identity`, and pytest runs every test of the suite.

    `TIdentity` is the type of the identities that the adapter is tested with.
    """

    flood_size: ClassVar[int] = 128
    """How many messages of 256 KiB are more than the server and the kernel hold for one peer that
    has stopped reading."""

    capabilities: ClassVar[Capabilities[Capability]] = Capabilities()
    """What the adapter declines, with reasons."""

    @abstractmethod
    def serve(
        self, options: ServeOptions[TIdentity]
    ) -> AbstractAsyncContextManager[LiveAdapter[TIdentity]]:
        """Start a server with the adapter in it, on the event loop that is running.

        Every test enters it once. When it is left, close all clients and stop the server.
        """
        raise NotImplementedError

    @abstractmethod
    def make_identity(self, who: ConnectionIdentity) -> TIdentity:
        """Return the identity for `who`: with the same account, session, API token and expiry.

        Raises where there can't be one, which must be declined: `Capability.SESSIONLESS` or
        `Capability.EXPIRY`.
        """
        raise NotImplementedError


class ConnectionIdentityContract(TransportContract[ConnectionIdentity], abstract=True):
    """The same for an adapter that is tested with `ConnectionIdentity`: only `serve` is missing."""

    @override
    def make_identity(self, who: ConnectionIdentity) -> ConnectionIdentity:
        return who
