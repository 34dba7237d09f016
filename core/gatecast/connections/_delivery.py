"""Delivery: frames on their way to the connections that may see them. No I/O."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Never, TypeAlias, TypeVar

from gatecast.connections._draining import Draining
from gatecast.connections._predicates import Predicate, select_recipients
from gatecast.connections.connection import Connection
from gatecast.errors import InvalidLimitError
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import Index
from gatecast.messages.frame import Frame
from gatecast.ports.ports import ConnectionHandle

__all__ = ["Begin", "Delivery", "deliver"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)

_logger = logging.getLogger("gatecast")

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
        sends to anyone: each of these steps may call back. Who is rotated between the choice and
        the begin is left out, and that is logged: the predicate was asked about another identity.
        """
        self._check_thread("choose_recipients")
        recipients = self._choose(predicate)
        return lambda frame: self._begin(frame, recipients())

    def choose_recipients_by(self, index: Index[Never, TKey], key: TKey) -> Begin:
        """As `choose_recipients`, for the connections under `key` of `index`.

        It takes any index, for callers that hold transports of several identity types; one that
        this transport does not know matches nothing. Raises `InvalidKeyError`.
        """
        self._check_thread("choose_recipients_by")
        self._close_due()
        if self._registry.declared(index) is None:
            return lambda frame: self._begin(frame, [])
        checked = index.checked(key)
        # Looked up as late as can be, since another member's choice may rotate who is under a key.
        return lambda frame: self._begin(frame, self._registry.matching(index, checked))

    def send_frame(self, frame: Frame, predicate: Predicate[TIdentity] | None = None) -> int:
        """Send to the connections that satisfy `predicate`, or to all; return how many accepted."""
        self._check_thread("send_frame")
        return deliver(frame, self.prepare_frame, lambda: self.choose_recipients(predicate))

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
        recipients = self._choose(predicate)
        fanout = self._fanouts.begin(frame, recipients())
        try:
            while not fanout.done:
                self._close_due()
                self._fanouts.advance(turn)
                await self._host.checkpoint()
        finally:
            self._fanouts.abandon(fanout)
        return fanout.accepted

    def _choose(
        self, predicate: Predicate[TIdentity] | None
    ) -> Callable[[], list[Connection[THandle, TIdentity]]]:
        """Choose now; what is returned is asked for the recipients when they are sent to."""
        self._close_due()
        since = self._rotations
        if predicate is None:
            connections = self._registry.all()
            return lambda: connections
        chosen = select_recipients(self._registry.identities(), predicate)
        return lambda: chosen if self._rotations == since else _unrotated(chosen, since)

    def _begin(
        self, frame: Frame, recipients: list[Connection[THandle, TIdentity]]
    ) -> Callable[[], int]:
        fanout = self._fanouts.begin(frame, recipients)

        def finish() -> int:
            self._fanouts.finish()
            return fanout.accepted

        return finish


def deliver(frame: Frame, prepare: Callable[[Frame], None], choose: Callable[[], Begin]) -> int:
    """Send `frame` to whom `choose` chooses; return how many accepted.

    The order matters: a frame that `prepare` refuses reaches nobody, and what `choose` calls back
    finds nothing of it under way.
    """
    prepare(frame)
    begin = choose()
    return begin(frame)()


def _unrotated(
    chosen: list[Connection[THandle, TIdentity]], since: int
) -> list[Connection[THandle, TIdentity]]:
    unrotated = [connection for connection in chosen if connection.rotation <= since]
    rotated = len(chosen) - len(unrotated)
    if rotated:
        _logger.warning(
            "%d connections were rotated while recipients were chosen, and did not get the message",
            rotated,
        )
    return unrotated
