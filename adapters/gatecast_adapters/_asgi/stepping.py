"""Running a server's `send` by hand: no task switch while the peer keeps up.

A coroutine that never suspends needs no task. So `send` is started where the message is broadcast,
and mostly it is finished there. Only one that suspends, because the peer has stopped reading, is
handed to a task, which takes it up where it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine

__all__ = ["Suspended", "start"]


class Suspended:
    """A `send` that waits for its peer, and what it waits for."""

    __slots__ = ("_sending", "_waits_for")

    def __init__(self, sending: Coroutine[object, None, None], waits_for: object) -> None:
        self._sending = sending
        self._waits_for = waits_for

    @coroutine
    def finish(self, still_wanted: Callable[[], bool]) -> Generator[object, None, None]:
        """Carry on in the task that awaits this, for as long as `still_wanted` is true.

        It is asked at the last moment, between waking and going on: so a message does not reach the
        server after its recipient was revoked, even if the peer reads on in that very turn (REV-2).
        """
        waits_for = self._waits_for
        try:
            while still_wanted():
                try:
                    yield waits_for
                except BaseException as error:  # noqa: BLE001  # It is passed on.
                    waits_for = self._sending.throw(error)
                    continue
                if still_wanted():
                    waits_for = self._sending.send(None)
        except StopIteration:
            return
        self.discard()

    def discard(self) -> None:
        """Give the message up; it has not reached the server."""
        self._sending.close()


def start(sending: Coroutine[object, None, None]) -> Suspended | None:
    """Run `sending` until it is finished or suspends; `None` if it is finished.

    Raises what it raises, and `ConnectionError` where that is a cancellation: nobody has cancelled
    the caller, so it is the peer's own task that is ending.
    """
    try:
        return Suspended(sending, sending.send(None))
    except StopIteration:
        return None
    except asyncio.CancelledError as error:
        raise ConnectionError("the connection's task is being cancelled") from error
