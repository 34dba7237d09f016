"""The port of a handle: what the core asks of an adapter's view of one connection."""

from __future__ import annotations

from typing import Protocol

from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending

__all__ = ["ConnectionHandle", "FlushableHandle", "pending_of"]


class ConnectionHandle(Protocol):
    """An adapter's view of one open socket or stream.

    Both methods are called on the event loop's thread, return at once, and never wait for the peer.
    """

    def send(self, frame: Frame) -> None:
        """Accept `frame` for delivery, after everything accepted before it (BRD-3).

        Accepted means that the frame was handed to the server or waits in a bounded outbox. It
        never means received.

        Raises `HandleClosedError` if the peer is gone or the handle was closed, and
        `SlowConsumerError` if the outbox is full. If it raises, the frame was not accepted.
        """
        ...

    def close(self, ending: Ending) -> None:
        """Close the connection with `ending`, and discard everything that waits (REV-2).

        Idempotent. The core ensures that `ending.code` may be sent, and that `ending.reason` fits
        into a control frame. A peer that does not answer the close is aborted after the adapter's
        deadline (REV-7).
        """
        ...


class FlushableHandle(Protocol):
    """A handle that knows how many frames it holds; draining waits for them (LIF-2)."""

    @property
    def pending(self) -> int:
        """How many accepted frames have not been handed to the server yet."""
        ...


def pending_of(handle: ConnectionHandle) -> int:
    """How many frames wait in `handle`; 0 if it has no `pending`."""
    # A check against the protocol takes far longer, and a drain polls every handle many times.
    pending: int = getattr(handle, "pending", 0)
    return pending
