"""What a client is told that asks for a connection while the server goes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["RETRY_AFTER"]

RETRY_AFTER: Final[Mapping[str, str]] = {"Retry-After": "5"}
"""Seconds, about as long as a restart takes (RFC 9110 section 10.2.3). It comes with 503."""
