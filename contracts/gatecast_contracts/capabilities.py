"""Capabilities: what an adapter or a relay may decline to keep, openly and with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Generic

from typing_extensions import TypeVar

from gatecast.errors import UsageError

__all__ = ["Capabilities", "Capability", "InvalidCapabilitiesError", "RelayCapability"]


class Capability(Enum):
    """What a server, or an identity type, may be unable to do. Everything else is mandatory."""

    SESSIONLESS = "identities may have no session: opened with an API token, or with neither"
    """Declined by an identity type whose every value has a session, like that of an SSE stream.
    Its `make_identity` raises for any other."""

    EXPIRY = "identities may have an instant at which their credential ends by itself"
    """Declined by an identity type without the attribute `expires_at`. Its `make_identity` raises
    for an identity that has one (REV-8)."""

    BACKPRESSURE = "the server lets its application know that a peer has stopped reading"
    """Declined for a server that takes every message at once and keeps it for the peer without a
    bound. Then what waits is out of the adapter's hands (BKP-2; as to the queue REV-2, LIF-2)."""

    GIVING_UP = "the server lets its application be done with a peer that has stopped reading"
    """Declined for a server that waits for such a peer by itself when its application has given it
    up. Then the adapter's work ends at the deadline, and the server's task does not (REV-7)."""


class RelayCapability(Enum):
    """What may be impossible to do with a relay. Everything else is mandatory."""

    OUTAGE = "the relay can be out of reach of a process that uses it"
    """Declined for a relay without a network or a file in between (RLY-9)."""


TCapability = TypeVar("TCapability", Capability, RelayCapability, default=Capability)


class InvalidCapabilitiesError(UsageError, ValueError):
    """A capability that was declined without a reason, or that is none."""

    def __init__(self, declined: object, reason: object) -> None:
        self.declined = declined
        self.reason = reason
        super().__init__(
            f"{declined!r} is declined with {reason!r}; decline a capability, with the reason as a "
            "string that is not empty"
        )


# Without slots: a call of a subscripted class sets an attribute on what it made.
@dataclass(frozen=True)
class Capabilities(Generic[TCapability]):
    """What one adapter or relay declares. By default it declines nothing.

        capabilities = Capabilities(
            declined={Capability.BACKPRESSURE: "the server buffers without a bound"}
        )

    Every test that needs a declined capability is expected to fail; if it passes, that is a failure
    too, so that a reason which no longer holds does not stay. Raises `InvalidCapabilitiesError`.
    """

    declined: Mapping[TCapability, str] = field(default_factory=dict[TCapability, str])
    """What is declined, and why."""

    def __post_init__(self) -> None:
        for capability, reason in self.declined.items():
            # For authors who run no type checker.
            known = isinstance(capability, Capability | RelayCapability)  # pyright: ignore[reportUnnecessaryIsInstance]
            if not known or not isinstance(reason, str) or not reason.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidCapabilitiesError(capability, reason)
        object.__setattr__(self, "declined", MappingProxyType(dict(self.declined)))

    def reason_against(self, capability: TCapability | None) -> str | None:
        """Why `capability` is declined; `None` if it is not."""
        return None if capability is None else self.declined.get(capability)
