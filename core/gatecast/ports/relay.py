"""The relay: the port that carries broadcasts and revocations between processes.

A relay is one log that several processes append to and read. It does not interpret the entries; the
cluster does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, Protocol

__all__ = ["Position", "Relay", "RelayBatch"]

Position = NewType("Position", str)
"""A place in one relay's log, just after an entry. Only that relay can interpret it."""


@dataclass(frozen=True, slots=True)
class RelayBatch:
    """What one read found."""

    entries: tuple[bytes, ...]
    """In the order of the log; empty if nothing arrived while the read waited."""

    position: Position | None
    """Where the next read continues; `None` as long as the log has never had an entry."""


class Relay(Protocol):
    """A durable log of entries, which every node reads in the same order.

    An implementation passes the relay contract suite of `gatecast_contracts`. It decides how long
    entries are kept, but a read from before a removed entry must raise.
    """

    async def publish(self, entry: bytes) -> None:
        """Append `entry`, any bytes up to 8 MiB at least; it is durable once this returns.

        The entries of one relay object are in the log in the order of the calls, even if these
        overlap. Raises `RelayUnavailableError` if it was not confirmed in time; then the entry may
        be in the log, once or more than once, or not. The same holds if the call is cancelled,
        which does not affect the entries of other calls.
        """
        ...

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        """The entries after `after`, or from the oldest that is kept if it is `None`.

        Returns at once if there are any, in batches of bounded size; otherwise as soon as one
        arrives, or without any after `wait` seconds. Never skips an entry: raises `RelayGapError`
        if one after `after` is missing, or if the log of `after` was trimmed, lost or replaced.
        Raises `RelayUnavailableError` if there is no answer some time after `wait`; it never hangs.
        A cancelled read loses nothing.
        """
        ...
