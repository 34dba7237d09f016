"""The gate: what a transport asks before it admits a connection, and before it sends."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Gate"]


class Gate(Protocol):
    """What a transport asks before it admits a connection, and before it sends.

    The node of a cluster is one: it knows whether this process has read all revocations.
    """

    def enforce(self) -> None:
        """Close the transport's connections if they may not stay."""
        ...

    def is_open(self) -> bool:
        """Whether a connection may be admitted now."""
        ...
