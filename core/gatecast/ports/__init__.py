"""The ports: what authors of adapters and relays build on, and what the core asks of them."""

from gatecast.messages.frame import Frame
from gatecast.ports.ending import Cause, Ending
from gatecast.ports.gate import Gate
from gatecast.ports.handle import ConnectionHandle, FlushableHandle
from gatecast.ports.observer import (
    ClusterReport,
    ClusterReportKind,
    DroppedConnection,
    Ended,
    Observation,
    Observer,
    OnDrop,
    OnReport,
    Opened,
    Refused,
    Revoked,
    Sent,
)
from gatecast.ports.outbox import Outbox, OutboxLimits
from gatecast.ports.relay import Position, Relay, RelayBatch
from gatecast.ports.runtime import CallLater, Clock, Event, HasRuntime, Runtime
from gatecast.ports.transport import (
    FilterableBroadcastTransport,
    Transport,
    TransportSendOptions,
    is_filterable_broadcast_transport,
)

__all__ = [
    "CallLater",
    "Cause",
    "Clock",
    "ClusterReport",
    "ClusterReportKind",
    "ConnectionHandle",
    "DroppedConnection",
    "Ended",
    "Ending",
    "Event",
    "FilterableBroadcastTransport",
    "FlushableHandle",
    "Frame",
    "Gate",
    "HasRuntime",
    "Observation",
    "Observer",
    "OnDrop",
    "OnReport",
    "Opened",
    "Outbox",
    "OutboxLimits",
    "Position",
    "Refused",
    "Relay",
    "RelayBatch",
    "Revoked",
    "Runtime",
    "Sent",
    "Transport",
    "TransportSendOptions",
    "is_filterable_broadcast_transport",
]
