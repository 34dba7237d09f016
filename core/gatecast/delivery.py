"""Delivery: frames on their way to the connections that may see them. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Never, TypeAlias, TypeVar

from gatecast.connection import Connection
from gatecast.draining import Draining
from gatecast.errors import InvalidLimitError
from gatecast.frame import Frame
from gatecast.ids import ConnectionId
from gatecast.index import Index
from gatecast.ports import ConnectionHandle
from gatecast.predicates import Predicate, select_recipients

__all__ = ["Begin", "Delivery"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)

Begin: TypeAlias = Callable[[Frame], Callable[[], int]]
"""Begins to send a prepared frame to recipients that are chosen; call what it returns to send.

It sends to them, after everything that was begun before (BRD-3), and returns how many accepted.
"""


class Delivery(Draining[THandle, TIdentity]):
    """What can be done with a message that is serialised already.

    A group of transports makes one frame and gives it to all of them; the verbs that take a message
    make a frame for themselves.
    """

    def prepare_frame(self, frame: Frame) -> None:
        """Raise now what sending `frame` would raise, so that it reaches either all or nobody.

        An adapter whose wire form can refuse a message extends this.
        """
        self._check_thread("prepare_frame")

    def choose_recipients(self, predicate: Predicate[TIdentity] | None = None) -> Begin:
        """Choose the connections that satisfy `predicate`, or all.

        A group chooses in all its members before it begins with any, and begins with all before it
        sends to anyone: each of these steps may call back.
        """
        self._check_thread("choose_recipients")
        recipients = self._recipients(predicate)
        return lambda frame: self._begin(frame, recipients)

    def choose_recipients_by(self, index: Index[Never, TKey], key: TKey) -> Begin:
        """As `choose_recipients`, for the connections under `key` of `index`.

        It takes any index, for callers that hold transports of several identity types; one that
        this transport does not know matches nothing. Raises `InvalidKeyError`.
        """
        self._check_thread("choose_recipients_by")
        self._close_due()
        known = self._registry.declared(index) is not None
        recipients = self._registry.matching(index, index.checked(key)) if known else []
        return lambda frame: self._begin(frame, recipients)

    def send_frame(self, frame: Frame, predicate: Predicate[TIdentity] | None = None) -> int:
        """Send to the connections that satisfy `predicate`, or to all; return how many accepted."""
        self._check_thread("send_frame")
        self.prepare_frame(frame)
        begin = self.choose_recipients(predicate)
        return begin(frame)()

    def send_frame_to(self, connection_id: ConnectionId, frame: Frame) -> bool:
        """Send to one connection; False if it is not registered or did not accept."""
        self._check_thread("send_frame_to")
        self.prepare_frame(frame)
        self._close_due()
        connection = self._registry.by_id(connection_id)
        return connection is not None and self._begin(frame, [connection])() == 1

    async def spread_frame(
        self, frame: Frame, predicate: Predicate[TIdentity] | None, turn: int
    ) -> int:
        """As `send_frame`, letting other tasks run after every `turn` connections."""
        self._check_thread("spread_frame")
        if turn < 1:
            raise InvalidLimitError("turn", turn)
        self.prepare_frame(frame)
        fanout = self._fanouts.begin(frame, self._recipients(predicate))
        try:
            while not fanout.done:
                self._close_due()
                self._fanouts.advance(turn)
                await self._host.checkpoint()
        finally:
            self._fanouts.abandon(fanout)
        return fanout.accepted

    def _recipients(
        self, predicate: Predicate[TIdentity] | None
    ) -> list[Connection[THandle, TIdentity]]:
        self._close_due()
        if predicate is None:
            return self._registry.all()
        return select_recipients(self._registry.identities(), predicate)

    def _begin(
        self, frame: Frame, recipients: list[Connection[THandle, TIdentity]]
    ) -> Callable[[], int]:
        fanout = self._fanouts.begin(frame, recipients)

        def finish() -> int:
            self._fanouts.finish()
            return fanout.accepted

        return finish
