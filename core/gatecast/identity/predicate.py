"""Predicates: rules over identities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

__all__ = ["Predicate"]

TIdentity = TypeVar("TIdentity")

Predicate: TypeAlias = Callable[[TIdentity], bool]
"""A rule over identities. It must be synchronous and return a bool."""
