"""What a benchmark case is made of."""

from dataclasses import dataclass
from enum import StrEnum


class Protocol(StrEnum):
    """What the load generator speaks; the values are its arguments."""

    WEBSOCKET = "ws"
    SSE = "sse"
    SOCKET_IO = "socketio"


class Metric(StrEnum):
    """What one round of a case yields for one subject, and in which unit."""

    CPU = "cpu_us_per_message"
    P50 = "p50_ms"
    P99 = "p99_ms"
    ACROSS = "across_ms"
    COMPRESSED = "compressed_share"
    LOAD = "load_generator_cpu_us_per_message"
    MEMORY = "kb_per_connection"
    CORE = "cpu_us_per_match"


Sample = dict[Metric, float]


@dataclass(frozen=True)
class Load:
    """The load of one subject in one round.

    Messages go out in batches; the next batch waits until the whole batch has been delivered.
    """

    connections: int
    messages: int = 0
    protocol: Protocol = Protocol.WEBSOCKET
    batch: int = 1
    groups: int = 1
    """With 10 groups, each message is for one connection in ten: a filtered broadcast."""
    message_bytes: int = 154
    offer_deflate: bool = False
    stalled: bool = False
    """One more connection that never reads."""
    nodes: int = 1
    """With two, each has the connections, Redis is between them, and the first is told to send."""


@dataclass(frozen=True)
class Program:
    """Something that can be measured."""

    name: str
    module: str
    """The module below `benchmarks` that runs it in a process of its own."""


@dataclass(frozen=True)
class Goal:
    """A ratio that a subject must not exceed."""

    reference: str
    """The label of the subject of the same case that it is divided by."""
    at_most: float


@dataclass(frozen=True)
class Subject:
    """One row of a case: a program and the load it gets."""

    program: Program
    load: Load
    variant: str = ""
    """What tells this row from another one with the same program."""
    arguments: tuple[str, ...] = ()
    """What the program gets on its command line."""
    reference: str | None = None
    """The label of what this subject is divided by; the case's first subject, if not given."""
    goals: tuple[Goal, ...] = ()

    @property
    def label(self) -> str:
        """What the row is called."""
        return f"{self.program.name}, {self.variant}" if self.variant else self.program.name


@dataclass(frozen=True)
class Case:
    """Subjects that are compared with each other in one run; the metric says how."""

    name: str
    title: str
    metric: Metric
    subjects: tuple[Subject, ...]
