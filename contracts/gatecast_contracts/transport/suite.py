"""The contract of a transport: everything that an adapter promises."""

from __future__ import annotations

from typing import TypeVar

from typing_extensions import override

from gatecast.identity.types import ConnectionIdentity
from gatecast_contracts.transport.adapter import ContractIdentity
from gatecast_contracts.transport.admission import AdmissionContract
from gatecast_contracts.transport.backpressure import BackpressureContract
from gatecast_contracts.transport.broadcast import BroadcastContract
from gatecast_contracts.transport.callbacks import CallbackContract
from gatecast_contracts.transport.draining import DrainingContract
from gatecast_contracts.transport.expiry import ExpiryContract
from gatecast_contracts.transport.lifecycle import LifecycleContract
from gatecast_contracts.transport.registration import RegistrationContract
from gatecast_contracts.transport.revocation import RevocationContract
from gatecast_contracts.transport.shape import ShapeContract

__all__ = ["ConnectionIdentityContract", "TransportContract"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class TransportContract(
    RegistrationContract[TIdentity],
    BroadcastContract[TIdentity],
    CallbackContract[TIdentity],
    RevocationContract[TIdentity],
    ExpiryContract[TIdentity],
    AdmissionContract[TIdentity],
    BackpressureContract[TIdentity],
    LifecycleContract[TIdentity],
    DrainingContract[TIdentity],
    ShapeContract[TIdentity],
    abstract=True,
):
    """Subclass it, define `serve` and `make_identity`, and pytest runs every test of the suite.

    `TIdentity` is the type of the identities that the adapter is tested with.
    """


class ConnectionIdentityContract(TransportContract[ConnectionIdentity], abstract=True):
    """The same for an adapter that is tested with `ConnectionIdentity`: only `serve` is missing."""

    @override
    def make_identity(self, who: ConnectionIdentity) -> ConnectionIdentity:
        return who
