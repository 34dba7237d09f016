"""Envelopes: what the nodes of a cluster write into the relay's log.

JSON, with a version. What comes in is validated as if a stranger had written it. An entry that
can't be read may have been a revocation, and a node that skipped one would leave a dead credential
connected; so only what is known to be no revocation may be skipped (CLU-4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, NewType, TypeAlias, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from gatecast.connections.guard import AuditEvent

__all__ = [
    "Acknowledgement",
    "Beat",
    "Broadcast",
    "Bye",
    "Envelope",
    "EventRevocation",
    "KeyRevocation",
    "NodeId",
    "Recipients",
    "ToAll",
    "ToKey",
    "ToPolicy",
    "UnreadableEntry",
    "decode",
    "encode",
]

NodeId = NewType("NodeId", str)
"""One life of one node: a process that starts anew has another."""

VERSION: Final = 1


class _Model(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Entry(_Model):
    v: Literal[1] = VERSION
    node: NodeId
    """Who wrote it."""
    seq: int
    """Counts what this node wrote, so that a repeated entry is known as one (CLU-5)."""


class Acknowledgement(_Model):
    """One node has applied one revocation (CLU-6)."""

    node: NodeId
    """Who wrote the revocation."""
    seq: int
    closed: int
    """How many connections it closed on the node that acknowledges."""


class Beat(_Entry):
    """The node is alive, and can write. When it reads this back, it knows all that came before."""

    kind: Literal["beat"] = "beat"
    acknowledged: tuple[Acknowledgement, ...] = ()


class Bye(_Entry):
    """The node has closed its connections and reads no more."""

    kind: Literal["bye"] = "bye"


class KeyRevocation(_Entry):
    """Everything under a key of an index is to be closed."""

    kind: Literal["revoke"] = "revoke"
    index: str
    key: JsonValue
    code: int
    reason: str
    acknowledge: bool


class EventRevocation(_Entry):
    """What an audit event has ended is to be closed, by each node's own guard."""

    kind: Literal["event"] = "event"
    event: AuditEvent
    acknowledge: bool


class ToAll(_Model):
    """Every connection gets it."""

    to: Literal["all"] = "all"


class ToKey(_Model):
    """The connections under a key of an index get it."""

    to: Literal["key"] = "key"
    index: str
    key: JsonValue


class ToPolicy(_Model):
    """The connections that a policy lets see it get it."""

    to: Literal["policy"] = "policy"
    policy: str
    arguments: dict[str, JsonValue]


Recipients: TypeAlias = Annotated[ToAll | ToKey | ToPolicy, Field(discriminator="to")]


class Broadcast(_Entry):
    """A message, and who may see it."""

    kind: Literal["broadcast"] = "broadcast"
    message: str
    """The text of a JSON-RPC message."""
    recipients: Recipients


Envelope: TypeAlias = Beat | Bye | KeyRevocation | EventRevocation | Broadcast
_ADAPTER: Final[TypeAdapter[Envelope]] = TypeAdapter(
    Annotated[Envelope, Field(discriminator="kind")]
)
_HARMLESS: Final = frozenset({"beat", "bye", "broadcast"})


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """An entry that is not a valid envelope."""

    detail: str
    may_revoke: bool
    """Whether it could have been a revocation."""


def encode(envelope: Envelope) -> bytes:
    """Write `envelope`; raises `ValueError` for text that UTF-8 lacks (a lone surrogate)."""
    return envelope.model_dump_json().encode()


def decode(entry: bytes) -> Envelope | UnreadableEntry:
    """Read an entry. Never raises."""
    try:
        return _ADAPTER.validate_json(entry)
    except ValidationError as error:
        # What was in it stays out of the logs: it may be huge, or secret.
        details = error.errors(include_url=False, include_context=False, include_input=False)
        detail = f"{details[0]['type']} in an entry of {len(entry)} bytes"
        return UnreadableEntry(detail, may_revoke=not _is_harmless(entry))


def _is_harmless(entry: bytes) -> bool:
    try:
        value: object = from_json(entry)
    except ValueError:
        return False
    if not _is_object(value) or value.get("v") != VERSION:
        return False
    kind = value.get("kind")
    return isinstance(kind, str) and kind in _HARMLESS


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)
