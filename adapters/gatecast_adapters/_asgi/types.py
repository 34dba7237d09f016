"""The three things that an ASGI app is called with, without the types of any framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TypeAlias

__all__ = ["Message", "Receive", "Scope", "Send"]

Scope: TypeAlias = Mapping[str, object]
"""What a connection is."""

Message: TypeAlias = MutableMapping[str, object]
"""One event, in either direction."""

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, object]]]
"""Waits for the next event."""

Send: TypeAlias = Callable[[Message], Awaitable[None]]
"""Sends one event."""
