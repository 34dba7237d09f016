"""Several processes as one: a log of broadcasts and revocations, and a lease."""

from gatecast.cluster._envelopes import NodeId
from gatecast.cluster._node import NodeState
from gatecast.cluster.cluster import Cluster, ClusterHealth
from gatecast.cluster.policies import Policies, Policy, PolicyCall, PolicyFunction
from gatecast.cluster.receipts import Receipt

__all__ = [
    "Cluster",
    "ClusterHealth",
    "NodeId",
    "NodeState",
    "Policies",
    "Policy",
    "PolicyCall",
    "PolicyFunction",
    "Receipt",
]
