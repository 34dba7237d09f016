"""The relay: the port that carries broadcasts and revocations between processes.

A relay is one log that several processes append to and read. It knows nothing of what is in the
entries; what a node does with them is the business of the cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, Protocol

__all__ = ["Position", "Relay", "RelayBatch"]

Position = NewType("Position", str)
"""A place in one relay's log, just after an entry. Only that relay knows what is in it."""


@dataclass(frozen=True, slots=True)
class RelayBatch:
    """What one read found."""

    entries: tuple[bytes, ...]
    """In the order of the log; none if nothing came while the read waited."""

    position: Position | None
    """Where the next read goes on; `None` while the log is empty and always was."""


class Relay(Protocol):
    """A durable log of entries, which every node reads in the same order.

    An implementation passes the relay contract suite of `gatecast_contracts`. Retention is its own:
    old entries may go, but then whoever reads from before them is told.
    """

    async def publish(self, entry: bytes) -> None:
        """Append `entry`, any bytes up to 8 MiB at least; it is durable once this returns.

        What one relay object publishes is in the log in the order of the calls, also where they
        overlap. Raises `RelayUnavailableError` if that could not be confirmed in time, and then the
        entry may be in the log, once or more than once, or not. So it may when it was cancelled;
        the entries of other calls are not touched by that.
        """
        ...

    async def read(self, after: Position | None, *, wait: float) -> RelayBatch:
        """The entries after `after`, or from the oldest that is kept if it is `None`.

        Returns at once if there are any, and no more of them than fit into a bounded batch; else as
        soon as one comes, or without any after `wait` seconds. Entries of an unbroken log only:
        raises `RelayGapError` if one after `after` is missing, or if `after` is from a log that is
        not there any more, whether it was trimmed, lost or replaced. Raises `RelayUnavailableError`
        if there is no answer some time after `wait`; it never hangs. Cancelling it loses nothing.
        """
        ...
