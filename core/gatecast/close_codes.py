"""Close codes: which exist, which may be sent, and what a client should do after one.

A server that gets an invalid code or an over-long reason drops the socket without a close frame. So
both are checked here, before a handle gets them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from gatecast.errors import InvalidCloseError

__all__ = [
    "EXPIRED_REASON",
    "FENCED_REASON",
    "GOING_AWAY_REASON",
    "MAX_REASON_BYTES",
    "REVOKED_REASON",
    "CloseCode",
    "is_final",
    "truncate_reason",
    "validate_close_code",
]

MAX_REASON_BYTES: Final = 123
"""A control frame holds 125 bytes, two of them the code (RFC 6455 section 5.5)."""

REVOKED_REASON: Final = "Session revoked"
EXPIRED_REASON: Final = "Credential expired"
GOING_AWAY_REASON: Final = "Going away"
FENCED_REASON: Final = "Cut off from the cluster"


class CloseCode(IntEnum):
    """The codes that Gatecast closes with (RFC 6455 section 7.4.1, IANA registry, own)."""

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


def validate_close_code(code: int) -> int:
    """Return `code` if an application may send it.

    Raises `InvalidCloseError` for any other: 1004-1006 and 1015 are reserved and never sent, and
    0-999, 1016-2999 and everything above 4999 are undefined.
    """
    if not isinstance(code, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise InvalidCloseError(code)
    if 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999:
        return code
    raise InvalidCloseError(code)


def truncate_reason(reason: str) -> str:
    """Cut `reason` to at most 123 UTF-8 bytes, never inside a character.

    A lone surrogate, which UTF-8 can't encode, becomes a question mark.
    """
    encoded = reason.encode("utf-8", "replace")
    return encoded[:MAX_REASON_BYTES].decode("utf-8", "ignore")


def is_final(code: int) -> bool:
    """Whether reconnecting with the same credential after `code` is refused again.

    True for a revoked credential and a violated policy. After any other code a client may retry.
    """
    return code in _FINAL
