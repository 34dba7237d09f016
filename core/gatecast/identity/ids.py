"""Branded ids: at run time plain values, to a type checker four types that don't mix."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

__all__ = ["AccountId", "ApiTokenId", "ConnectionId", "TokenHash"]

ConnectionId = NewType("ConnectionId", UUID)
"""One registered connection. Never used twice."""

AccountId = NewType("AccountId", UUID)
"""The account that a credential belongs to."""

TokenHash = NewType("TokenHash", str)
"""The hash of a session token. The token itself has no place in a registry."""

ApiTokenId = NewType("ApiTokenId", str)
"""The id of an API token, never the token."""
