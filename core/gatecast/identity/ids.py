"""Branded ids: plain values at run time, and four different types to a type checker."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

__all__ = ["AccountId", "ApiTokenId", "ConnectionId", "TokenHash"]

ConnectionId = NewType("ConnectionId", UUID)
"""The id of one registered connection. Never used twice."""

AccountId = NewType("AccountId", UUID)
"""The account that a credential belongs to."""

TokenHash = NewType("TokenHash", str)
"""The hash of a session token. The token itself does not belong in a registry."""

ApiTokenId = NewType("ApiTokenId", str)
"""The id of an API token, never the token."""
