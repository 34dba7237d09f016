"""Close codes: which exist, which may be sent, and what a client should do after one.

A server finds out about a bad code or an over-long reason only after it has given the socket up,
and then the peer sees no close at all. So both are settled here, before a handle is asked.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from gatecast.errors import (
    AdmissionError,
    AdmissionExpiredError,
    AdmissionRevokedError,
    CapReachedError,
    CredentialExpiredError,
    DrainingError,
    FencedError,
    InvalidCloseError,
)

__all__ = [
    "EXPIRED_REASON",
    "FENCED_REASON",
    "GOING_AWAY_REASON",
    "MAX_REASON_BYTES",
    "REVOKED_REASON",
    "CloseCode",
    "close_of",
    "is_final",
    "truncate_reason",
    "validate_close_code",
]

MAX_REASON_BYTES: Final = 123
"""A control frame carries 125 bytes, two of them the code (RFC 6455 section 5.5)."""

REVOKED_REASON: Final = "Session revoked"
EXPIRED_REASON: Final = "Credential expired"
GOING_AWAY_REASON: Final = "Going away"
FENCED_REASON: Final = "Cut off from the cluster"


class CloseCode(IntEnum):
    """The codes that Gatecast itself closes with (RFC 6455 section 7.4.1, IANA registry, own)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    SESSION_REVOKED = 4001
    CLIENT_HEARTBEAT_TIMEOUT = 4002
    SERVER_HEARTBEAT_TIMEOUT = 4003
    TOO_MANY_CONNECTIONS = 4429


_FINAL: Final = frozenset({CloseCode.POLICY_VIOLATION, CloseCode.SESSION_REVOKED})

_REFUSALS: Final[dict[type[AdmissionError], tuple[CloseCode, str]]] = {
    AdmissionRevokedError: (CloseCode.SESSION_REVOKED, REVOKED_REASON),
    AdmissionExpiredError: (CloseCode.TRY_AGAIN_LATER, "Identification took too long"),
    CapReachedError: (CloseCode.TOO_MANY_CONNECTIONS, "Too many connections"),
    CredentialExpiredError: (CloseCode.SESSION_REVOKED, EXPIRED_REASON),
    DrainingError: (CloseCode.GOING_AWAY, GOING_AWAY_REASON),
    FencedError: (CloseCode.SERVICE_RESTART, FENCED_REASON),
}


def close_of(refusal: AdmissionError) -> tuple[CloseCode, str]:
    """The code and the reason that tell a peer why it was not let in."""
    return _REFUSALS[type(refusal)]


def validate_close_code(code: int) -> int:
    """Return `code` if an application may send it.

    Raises `InvalidCloseError` for any other: 1004-1006 and 1015 are reserved and never sent, below
    1000 and 1016-2999 nothing is defined, above 4999 nothing exists.
    """
    if not isinstance(code, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise InvalidCloseError(code)
    if 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999:
        return code
    raise InvalidCloseError(code)


def truncate_reason(reason: str) -> str:
    """Cut `reason` to at most 123 UTF-8 bytes, never inside a character.

    A lone surrogate, which UTF-8 cannot carry, becomes a question mark.
    """
    encoded = reason.encode("utf-8", "replace")
    return encoded[:MAX_REASON_BYTES].decode("utf-8", "ignore")


def is_final(code: int) -> bool:
    """Whether a client that was closed with `code` has nothing to gain from reconnecting.

    True for a revoked credential and a violated policy; every other close is worth a retry.
    """
    return code in _FINAL
