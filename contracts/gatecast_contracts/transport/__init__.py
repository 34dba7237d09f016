"""The contract suite for adapters.

`TransportContract` is what an author subclasses. A test of the author's own that proves a promise
takes a `Rig`, and is decorated with `proves`.
"""

from gatecast_contracts.transport._adapter import (
    Closed,
    ConnectionRecord,
    ContractIdentity,
    ContractTransport,
    FarEnd,
    LiveAdapter,
    Received,
    ServeOptions,
)
from gatecast_contracts.transport._handles import ScriptedHandle
from gatecast_contracts.transport._peer import Peer
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import LoggedErrors, Rig, Visit
from gatecast_contracts.transport._suite import ConnectionIdentityContract, TransportContract

__all__ = [
    "Closed",
    "ConnectionIdentityContract",
    "ConnectionRecord",
    "ContractIdentity",
    "ContractTransport",
    "FarEnd",
    "LiveAdapter",
    "LoggedErrors",
    "Peer",
    "Received",
    "Rig",
    "ScriptedHandle",
    "ServeOptions",
    "TransportContract",
    "Visit",
    "proves",
]
