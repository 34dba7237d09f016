"""Litestar's connections, whatever an app makes of them."""

from __future__ import annotations

from typing import Any, TypeAlias

from litestar import Request, WebSocket

__all__ = ["AnyRequest", "AnyWebSocket"]

# Any: user, token and state are the app's, and nothing of ours looks at them.
AnyWebSocket: TypeAlias = WebSocket[Any, Any, Any]
"""A WebSocket of any app."""

AnyRequest: TypeAlias = Request[Any, Any, Any]
"""A request of any app."""
