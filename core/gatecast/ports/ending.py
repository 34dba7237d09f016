"""Endings: why a connection ends or is refused, with its close code and reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from gatecast.close_codes import (
    EXPIRED_REASON,
    FENCED_REASON,
    GOING_AWAY_REASON,
    REVOKED_REASON,
    CloseCode,
    truncate_reason,
    validate_close_code,
)
from gatecast.errors import (
    AdmissionError,
    AdmissionExpiredError,
    AdmissionRevokedError,
    CapReachedError,
    CredentialExpiredError,
    DrainingError,
    FencedError,
    HandleClosedError,
    SlowConsumerError,
)

__all__ = ["Cause", "Ending", "ending_of_failure", "ending_of_refusal"]

_ABNORMAL_CLOSURE: Final = 1006
"""Stands for an end without a close frame; it is never sent (RFC 6455 section 7.1.5)."""


class Cause(StrEnum):
    """Why a connection ended, or was refused."""

    REVOKED = "revoked"
    """Its session, token or account was revoked, or a predicate closed it."""
    EXPIRED = "expired"
    """Its credential expired (REV-8)."""
    REPLACED = "replaced"
    """A cap made room for a newer connection."""
    FENCED = "fenced"
    """The node can't know what was revoked elsewhere (CLU-3)."""
    DRAINED = "drained"
    """The server is going away (LIF-2)."""
    SLOW = "slow"
    """The peer did not keep up (BKP-2)."""
    FAILED = "failed"
    """The app's handler, or the adapter's handle, raised."""
    IDLE = "idle"
    """The peer was idle for too long."""
    PROTOCOL = "protocol"
    """The peer sent what the adapter refuses: a binary message, or one that is too big."""
    CLOSED_BY_APP = "closed_by_app"
    """The app closed this one connection."""
    LEFT = "left"
    """The peer closed the connection."""
    GONE = "gone"
    """The peer vanished without a close."""
    NOT_AUTHENTICATED = "not_authenticated"
    """The peer was not identified."""
    FORBIDDEN = "forbidden"
    """The origin of the page, or the identity, is not allowed."""
    AT_CAPACITY = "at_capacity"
    """A cap refused the new connection."""
    TIMED_OUT = "timed_out"
    """The check of the credential timed out (REV-6)."""


_BY_PEER: Final = frozenset({Cause.LEFT, Cause.GONE})


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection ends, and the code and reason that its peer gets.

    The class has one for every cause with a fixed code and reason; `revoked`, `by_app` and
    `by_peer` make the others. Two endings are equal if cause, code and reason are.
    """

    cause: Cause
    code: int
    """A close code of RFC 6455 section 7.4, or 1006 if the peer vanished without a close."""
    reason: str
    """At most 123 bytes of UTF-8."""

    REVOKED: ClassVar[Ending]
    EXPIRED: ClassVar[Ending]
    REPLACED: ClassVar[Ending]
    FENCED: ClassVar[Ending]
    DRAINED: ClassVar[Ending]
    SLOW: ClassVar[Ending]
    FAILED: ClassVar[Ending]
    GONE: ClassVar[Ending]
    IDLE: ClassVar[Ending]
    TEXT_ONLY: ClassVar[Ending]
    TOO_BIG: ClassVar[Ending]
    NOT_AUTHENTICATED: ClassVar[Ending]
    ORIGIN_NOT_ALLOWED: ClassVar[Ending]
    NOT_ADMITTED: ClassVar[Ending]
    AT_CAPACITY: ClassVar[Ending]
    CHECK_TIMED_OUT: ClassVar[Ending]

    @classmethod
    def revoked(cls, code: int = CloseCode.SESSION_REVOKED, reason: str = REVOKED_REASON) -> Ending:
        """A revocation with its own code. Raises `InvalidCloseError`; cuts an over-long reason."""
        return cls(Cause.REVOKED, validate_close_code(code), truncate_reason(reason))

    @classmethod
    def by_app(cls, code: int = CloseCode.NORMAL, reason: str = "") -> Ending:
        """The close of one connection by the app; raises as `revoked` does."""
        return cls(Cause.CLOSED_BY_APP, validate_close_code(code), truncate_reason(reason))

    @classmethod
    def by_peer(cls, code: int, reason: str = "") -> Ending:
        """The close that the peer sent, as it was received."""
        return cls(Cause.LEFT, code, truncate_reason(reason))

    @property
    def is_by_peer(self) -> bool:
        """Whether the peer ended the connection, so that no close need be sent."""
        return self.cause in _BY_PEER


Ending.REVOKED = Ending(Cause.REVOKED, CloseCode.SESSION_REVOKED, REVOKED_REASON)
Ending.EXPIRED = Ending(Cause.EXPIRED, CloseCode.SESSION_REVOKED, EXPIRED_REASON)
Ending.REPLACED = Ending(
    Cause.REPLACED, CloseCode.TOO_MANY_CONNECTIONS, "Replaced by a newer connection"
)
Ending.FENCED = Ending(Cause.FENCED, CloseCode.SERVICE_RESTART, FENCED_REASON)
Ending.DRAINED = Ending(Cause.DRAINED, CloseCode.GOING_AWAY, GOING_AWAY_REASON)
Ending.SLOW = Ending(Cause.SLOW, CloseCode.TRY_AGAIN_LATER, "Slow consumer")
Ending.FAILED = Ending(Cause.FAILED, CloseCode.INTERNAL_ERROR, "Internal error")
Ending.GONE = Ending(Cause.GONE, _ABNORMAL_CLOSURE, "")
Ending.IDLE = Ending(Cause.IDLE, CloseCode.SERVER_HEARTBEAT_TIMEOUT, "Idle")
Ending.TEXT_ONLY = Ending(Cause.PROTOCOL, CloseCode.UNSUPPORTED_DATA, "Text frames only")
Ending.TOO_BIG = Ending(Cause.PROTOCOL, CloseCode.MESSAGE_TOO_BIG, "Message too big")
Ending.NOT_AUTHENTICATED = Ending(
    Cause.NOT_AUTHENTICATED, CloseCode.POLICY_VIOLATION, "Not authenticated"
)
Ending.ORIGIN_NOT_ALLOWED = Ending(
    Cause.FORBIDDEN, CloseCode.POLICY_VIOLATION, "Origin not allowed"
)
Ending.NOT_ADMITTED = Ending(Cause.FORBIDDEN, CloseCode.POLICY_VIOLATION, "Not admitted")
Ending.AT_CAPACITY = Ending(
    Cause.AT_CAPACITY, CloseCode.TOO_MANY_CONNECTIONS, "Too many connections"
)
Ending.CHECK_TIMED_OUT = Ending(
    Cause.TIMED_OUT, CloseCode.TRY_AGAIN_LATER, "Identification took too long"
)

_OF_REFUSALS: Final[dict[type[Exception], Ending]] = {
    AdmissionRevokedError: Ending.REVOKED,
    AdmissionExpiredError: Ending.CHECK_TIMED_OUT,
    CapReachedError: Ending.AT_CAPACITY,
    CredentialExpiredError: Ending.EXPIRED,
    DrainingError: Ending.DRAINED,
    FencedError: Ending.FENCED,
}


def ending_of_refusal(refusal: AdmissionError) -> Ending:
    """The ending of a connection that is refused with `refusal`, or with its parent class."""
    for cls in type(refusal).__mro__:
        if cls in _OF_REFUSALS:
            return _OF_REFUSALS[cls]
    return Ending.NOT_ADMITTED


def ending_of_failure(error: Exception) -> Ending:
    """The ending of a connection whose handle raised `error` instead of accepting a frame."""
    if isinstance(error, HandleClosedError):
        return Ending.GONE
    if isinstance(error, SlowConsumerError):
        return Ending.SLOW
    return Ending.FAILED
