"""The contract suite for relays.

`RelayContract` is what an author subclasses. A test of the author's own that proves a promise takes
a `RelayRig`, and is decorated with `proves_of_relay`.
"""

from gatecast_contracts.relay._log import RelayLog
from gatecast_contracts.relay._proving import proves_of_relay
from gatecast_contracts.relay._rig import RelayRig
from gatecast_contracts.relay._suite import RelayContract
from gatecast_contracts.relay._user import RelayUser

__all__ = ["RelayContract", "RelayLog", "RelayRig", "RelayUser", "proves_of_relay"]
