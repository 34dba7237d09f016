"""The contract suite: what adapters and relays promise, and the tests that prove it.

An adapter's author subclasses `TransportContract` in a test module and defines two hooks; a
relay's author subclasses `RelayContract` and defines one. It needs the extra `gatecast[contracts]`,
and runs under pytest without a plugin.
"""

import pkgutil

import pytest

# Before any test module is imported: or a failed assertion shows no values once we are installed.
pytest.register_assert_rewrite(
    *(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__))
)

from gatecast_contracts._contract import Contract, ContractDefinitionError  # noqa: E402
from gatecast_contracts._proof import Body, BrokenPromiseError, Proof, Test, proofs_of  # noqa: E402
from gatecast_contracts.capabilities import (  # noqa: E402
    Capabilities,
    Capability,
    InvalidCapabilitiesError,
    RelayCapability,
)
from gatecast_contracts.promises import (  # noqa: E402
    PROMISES,
    RELAY_PROMISES,
    Promise,
    UnknownPromiseError,
)
from gatecast_contracts.relay import RelayContract, RelayLog  # noqa: E402
from gatecast_contracts.transport import (  # noqa: E402
    Closed,
    ConnectionIdentityContract,
    ConnectionRecord,
    ContractIdentity,
    ContractTransport,
    FarEnd,
    LiveAdapter,
    Received,
    ServeOptions,
    TransportContract,
)

__all__ = [
    "PROMISES",
    "RELAY_PROMISES",
    "Body",
    "BrokenPromiseError",
    "Capabilities",
    "Capability",
    "Closed",
    "ConnectionIdentityContract",
    "ConnectionRecord",
    "Contract",
    "ContractDefinitionError",
    "ContractIdentity",
    "ContractTransport",
    "FarEnd",
    "InvalidCapabilitiesError",
    "LiveAdapter",
    "Promise",
    "Proof",
    "Received",
    "RelayCapability",
    "RelayContract",
    "RelayLog",
    "ServeOptions",
    "Test",
    "TransportContract",
    "UnknownPromiseError",
    "proofs_of",
]
