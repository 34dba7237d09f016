"""Envelopes: what the nodes of a cluster write into the relay's log.

JSON, with a version, and validated as untrusted input. An entry that can't be read may be a
revocation, and a node that skipped it would leave a revoked credential connected. So a node skips
an entry only if it is known to be something else (CLU-4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, NewType, TypeAlias, TypeGuard
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from gatecast.connections.guard import AuditEvent

__all__ = [
    "Acknowledgement",
    "Broadcast",
    "Envelope",
    "EventRevocation",
    "Heartbeat",
    "KeyRevocation",
    "Leave",
    "NodeId",
    "ToAll",
    "ToAllBut",
    "ToKey",
    "ToPolicy",
    "ToRecipients",
    "UnreadableEntry",
    "decode",
    "encode",
]

NodeId = NewType("NodeId", str)
"""One life of one node: a process that restarts has another id."""

VERSION: Final = 1


class _Model(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Entry(_Model):
    v: Literal[1] = VERSION
    node: NodeId
    """Who wrote it."""
    seq: int
    """Counts the entries of this node, so that a repeated one is recognised (CLU-5)."""


class Acknowledgement(_Model):
    """One node has applied one revocation (CLU-6)."""

    node: NodeId
    """Who wrote the revocation."""
    seq: int
    closed: int
    """How many connections it closed on the node that acknowledges."""


class Heartbeat(_Entry):
    """The node is alive and can write. Once it reads this back, it has read all earlier entries."""

    kind: Literal["beat"] = "beat"
    acknowledged: tuple[Acknowledgement, ...] = ()


class Leave(_Entry):
    """The node has closed its connections and stopped reading."""

    kind: Literal["bye"] = "bye"


class KeyRevocation(_Entry):
    """Closes everything under a key of an index."""

    kind: Literal["revoke"] = "revoke"
    index: str
    key: JsonValue
    code: int
    reason: str
    acknowledge: bool


class EventRevocation(_Entry):
    """Closes what an audit event ends, through the guard of each node."""

    kind: Literal["event"] = "event"
    event: AuditEvent
    acknowledge: bool


class ToAll(_Model):
    """To every connection."""

    to: Literal["all"] = "all"


class ToKey(_Model):
    """To the connections under a key of an index."""

    to: Literal["key"] = "key"
    index: str
    key: JsonValue


class ToPolicy(_Model):
    """To the connections that satisfy a policy."""

    to: Literal["policy"] = "policy"
    policy: str
    arguments: dict[str, JsonValue]


class ToAllBut(_Model):
    """To what `of` names, except for one connection."""

    to: Literal["all_but"] = "all_but"
    connection: UUID
    of: ToRecipients


ToRecipients: TypeAlias = Annotated[ToAll | ToKey | ToPolicy | ToAllBut, Field(discriminator="to")]


class Broadcast(_Entry):
    """A message, and who may see it."""

    kind: Literal["broadcast"] = "broadcast"
    message: str
    """The text of a JSON-RPC message."""
    recipients: ToRecipients


Envelope: TypeAlias = Heartbeat | Leave | KeyRevocation | EventRevocation | Broadcast
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
        # Its content stays out of the logs: it may be huge, or secret.
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
