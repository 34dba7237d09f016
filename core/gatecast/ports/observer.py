"""The observer: one callback for everything that happens to connections, and to a cluster's node.

It is synchronous, and is called once per event, never once per recipient of a message. What it
raises is logged and harms nothing.

    def count(event: Observation[object]) -> None:
        match event:
            case Opened():
                gauge.inc()
            case Ended(ending=ending, seconds=seconds):
                gauge.dec()
                ended.labels(ending.cause).observe(seconds)
            case _:
                pass

    sockets = BackendWebsocketTransport(observer=count)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from gatecast.identity.ids import ConnectionId
from gatecast.ports.ending import Ending

__all__ = [
    "ClusterReport",
    "ClusterReportKind",
    "DroppedConnection",
    "Ended",
    "Observation",
    "Observer",
    "OnDrop",
    "OnReport",
    "Opened",
    "Refused",
    "Revoked",
    "Sent",
]

TIdentity = TypeVar("TIdentity")
TIdentity_co = TypeVar("TIdentity_co", covariant=True)


@dataclass(frozen=True)
class Opened(Generic[TIdentity_co]):
    """A connection was registered."""

    transport: str
    """The name of its transport."""
    connection_id: ConnectionId
    identity: TIdentity_co


@dataclass(frozen=True)
class Ended(Generic[TIdentity_co]):
    """A connection left the registry; called once for each that was opened."""

    transport: str
    connection_id: ConnectionId
    identity: TIdentity_co
    """Its last identity."""
    ending: Ending
    seconds: float
    """How long it was registered, by the monotonic clock."""


@dataclass(frozen=True)
class Refused(Generic[TIdentity_co]):
    """A connection was not admitted."""

    transport: str
    ending: Ending
    identity: TIdentity_co | None
    """The identity of the peer, if it is known."""
    status: int | None
    """The HTTP status of the answer, if there was one."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message was sent on one transport."""

    transport: str
    recipients: int
    """How many connections were chosen."""
    accepted: int
    """How many handles accepted it; accepted never means received."""
    size: int
    """The size of its JSON text in bytes; each of them accepted as many."""


@dataclass(frozen=True)
class DroppedConnection(Generic[TIdentity_co]):
    """A connection left the registry because its handle did not accept a frame."""

    transport: str
    connection_id: ConnectionId
    identity: TIdentity_co
    error: Exception
    """`HandleClosedError`, `SlowConsumerError`, or any other error of the handle."""
    ending: Ending


@dataclass(frozen=True, slots=True)
class Revoked:
    """Connections were revoked on one transport, by one call."""

    transport: str
    index: str | None
    """The name of the index that they were found by; `None` for a predicate."""
    closed: int
    """How many connections."""
    ending: Ending


class ClusterReportKind(StrEnum):
    """What happened to a node."""

    FENCED = "fenced"
    """It closed its connections and admits nobody (CLU-3). Alert on it."""

    CATCHING_UP = "catching_up"
    """It lost the relay, and admits nobody until it has read what it missed (CLU-2)."""

    FOLLOWING = "following"
    """It is up to date, and admits connections."""

    LEFT = "left"
    """It was stopped, and closed its remaining connections."""

    SKIPPED = "skipped"
    """It could not apply an entry that was no revocation. Alert on it: nodes differ."""


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """What happened to the node of a cluster, for its operators."""

    kind: ClusterReportKind
    detail: str


Observation: TypeAlias = (
    Opened[TIdentity]
    | Ended[TIdentity]
    | Refused[TIdentity]
    | Sent
    | DroppedConnection[TIdentity]
    | Revoked
    | ClusterReport
)
"""What an observer is called with. More kinds may come: end a `match` with `case _`."""

Observer: TypeAlias = Callable[[Observation[TIdentity]], object]
"""Called with every observation, one after another and never nested."""

OnDrop: TypeAlias = Callable[[DroppedConnection[TIdentity]], object]
"""The short form of an observer of drops: called once with each, after the connection has left the
registry. What it raises is logged."""

OnReport: TypeAlias = Callable[[ClusterReport], object]
"""The short form of an observer of the node of a cluster. What it raises is logged."""
