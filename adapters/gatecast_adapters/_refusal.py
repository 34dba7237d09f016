"""Answers to a request for a connection that is refused before it is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gatecast.ports.ending import Ending

__all__ = ["GOING_AWAY", "NOT_AUTHENTICATED", "ORIGIN_NOT_ALLOWED", "Refusal", "refusal_with"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status with its text and headers, and the ending that an observer gets."""

    status: int
    detail: str
    ending: Ending
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def refusal_with(status: int, detail: str, headers: Mapping[str, str]) -> Refusal:
    """What an app refuses with an HTTP status of its own."""
    ending = Ending.NOT_AUTHENTICATED if status == 401 else Ending.NOT_ADMITTED
    return Refusal(status, detail, ending, headers)


ORIGIN_NOT_ALLOWED: Final = Refusal(403, "Origin not allowed", Ending.ORIGIN_NOT_ALLOWED)

GOING_AWAY: Final = Refusal(
    503,
    "Going away",
    Ending.DRAINED,
    # Seconds, about as long as a restart takes (RFC 9110 section 10.2.3).
    {"Retry-After": "5"},
)

NOT_AUTHENTICATED: Final = Refusal(
    401,
    "Not authenticated",
    Ending.NOT_AUTHENTICATED,
    {"WWW-Authenticate": "Bearer"},  # RFC 9110 section 15.5.2
)
