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

from gatecast_contracts.capabilities import Capabilities, Capability, RelayCapability  # noqa: E402
from gatecast_contracts.definition import ContractDefinitionError  # noqa: E402
from gatecast_contracts.promises import PROMISES, RELAY_PROMISES, Promise  # noqa: E402
from gatecast_contracts.proof import BrokenPromiseError, proves  # noqa: E402
from gatecast_contracts.relay.log import RelayLog  # noqa: E402
from gatecast_contracts.relay.suite import RelayContract  # noqa: E402
from gatecast_contracts.transport.adapter import (  # noqa: E402
    Closed,
    ContractIdentity,
    ContractTransport,
    FarEnd,
    LiveAdapter,
    Received,
    ServeOptions,
)
from gatecast_contracts.transport.contract import Contract  # noqa: E402
from gatecast_contracts.transport.suite import ConnectionIdentityContract, TransportContract  # noqa: E402

__all__ = [
    "PROMISES",
    "RELAY_PROMISES",
    "BrokenPromiseError",
    "Capabilities",
    "Capability",
    "Closed",
    "ConnectionIdentityContract",
    "Contract",
    "ContractDefinitionError",
    "ContractIdentity",
    "ContractTransport",
    "FarEnd",
    "LiveAdapter",
    "Promise",
    "Received",
    "RelayCapability",
    "RelayContract",
    "RelayLog",
    "ServeOptions",
    "TransportContract",
    "proves",
]
