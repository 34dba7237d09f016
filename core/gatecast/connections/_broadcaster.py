"""The broadcaster: who gets a message, and in which order. No I/O."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from gatecast.connections._fanout import Fanout, FanoutQueue
from gatecast.connections._predicates import select_recipients
from gatecast.connections._roster import Roster
from gatecast.connections.connection import Connection
from gatecast.connections.recipients import Everyone, Recipients, Satisfying, Under
from gatecast.errors import InvalidLimitError
from gatecast.identity.ids import ConnectionId
from gatecast.messages.frame import Frame
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.runtime import Runtime

__all__ = ["Broadcaster", "Choice"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")


class Broadcaster(Generic[THandle, TIdentity]):
    """Sends frames to the connections of one transport, in the order of the calls (BRD-3).

    `prepare` raises what sending a frame would raise, so that a frame reaches all or nobody.
    """

    def __init__(
        self,
        roster: Roster[THandle, TIdentity],
        runtime: Runtime,
        prepare: Callable[[Frame], object] | None,
        fanouts: FanoutQueue[THandle, TIdentity],
    ) -> None:
        self._roster = roster
        self._registry = roster.registry
        self._checkpoint = runtime.checkpoint
        self._prepare = prepare
        self._fanouts = fanouts

    def prepare(self, frame: Frame) -> None:
        """Raise now what sending `frame` would raise."""
        if self._prepare is not None:
            self._prepare(frame)

    def send(self, frame: Frame, recipients: Recipients[TIdentity]) -> int:
        """Send to `recipients`; return how many accepted.

        The order matters: a frame that `prepare` refuses reaches nobody, and a predicate that calls
        back does not find the message in progress.
        """
        self.prepare(frame)
        return self.choose(recipients).begin(frame).finish()

    def send_to(self, connection_id: ConnectionId, frame: Frame) -> bool:
        """Send to one connection; False if it is not registered or did not accept."""
        self.prepare(frame)
        self._roster.end_due()
        connection = self._registry.by_id(connection_id)
        if connection is None:
            return False
        if self._fanouts or self._fanouts.announcer.active:
            return self._fanouts.begin(frame, [connection]).finish() == 1
        # Nothing is in progress, so there is no order to keep, and a fan-out would be overhead.
        try:
            connection.handle.send(frame)
        except Exception as error:  # noqa: BLE001  # a handle is an adapter's
            self._roster.fail(connection, error)
            return False
        return True

    async def spread(self, frame: Frame, recipients: Recipients[TIdentity], batch: int) -> int:
        """As `send`, letting other tasks run after every `batch` connections."""
        if batch < 1:
            raise InvalidLimitError("batch", batch)
        self.prepare(frame)
        fanout = self.choose(recipients).begin(frame)
        try:
            while not fanout.done:
                self._roster.end_due()
                self._fanouts.advance(batch)
                await self._checkpoint()
        finally:
            self._fanouts.abandon(fanout)
            fanout.report()
        return fanout.accepted

    def choose(self, recipients: Recipients[TIdentity]) -> Choice[THandle, TIdentity]:
        """Choose the connections that `recipients` names.

        A group chooses in all its members before it begins in any, and begins in all before it
        sends to anyone, since each of these steps may call back. An index that this transport does
        not have matches nothing. Raises `InvalidKeyError`.
        """
        self._roster.end_due()
        return self._choose(recipients)

    def _choose(self, recipients: Recipients[TIdentity]) -> Choice[THandle, TIdentity]:
        match recipients:
            case Everyone():
                return Choice(self, self._registry.all())
            case Satisfying(predicate=predicate):
                since = self._roster.rotations
                chosen = select_recipients(self._registry.identities(), predicate)
                return Choice(self, chosen, asked_at=since)
            case Under(index=index, key=key):
                if self._registry.table(index) is None:
                    return Choice(self, [])
                index.require_key(key)
                return Choice(self, [], under=recipients)
            case all_but:
                return self._choose(all_but.of).without(all_but.connection_id)

    def begin(self, frame: Frame, choice: Choice[THandle, TIdentity]) -> Fanout[THandle, TIdentity]:
        """Take the next place in the order for a frame to those of `choice`."""
        return self._fanouts.begin(frame, self._recipients(choice))

    def finish(self) -> None:
        """Complete everything in progress."""
        self._fanouts.finish()

    def _recipients(
        self, choice: Choice[THandle, TIdentity]
    ) -> list[Connection[THandle, TIdentity]]:
        chosen = choice.connections
        if choice.under is not None:
            # Looked up as late as possible: another member's choice may rotate a connection to
            # another key.
            chosen = self._registry.matching(choice.under.index, choice.under.key)
        elif choice.asked_at is not None and choice.asked_at != self._roster.rotations:
            chosen = _unrotated(chosen, choice.asked_at)
        if choice.excluded:
            return [each for each in chosen if each.id not in choice.excluded]
        return chosen


class Choice(Generic[THandle, TIdentity]):
    """The chosen connections, before anything is sent to them.

    A connection that is rotated between `choose` and `begin` is left out, and that is logged: the
    predicate was evaluated for its old identity.
    """

    __slots__ = ("_broadcaster", "asked_at", "connections", "excluded", "under")

    def __init__(
        self,
        broadcaster: Broadcaster[THandle, TIdentity],
        connections: list[Connection[THandle, TIdentity]],
        *,
        asked_at: int | None = None,
        under: Under | None = None,
    ) -> None:
        self._broadcaster = broadcaster
        self.connections: list[Connection[THandle, TIdentity]] = connections
        self.asked_at: int | None = asked_at
        self.under: Under | None = under
        self.excluded: tuple[ConnectionId, ...] = ()

    def without(self, connection_id: ConnectionId) -> Choice[THandle, TIdentity]:
        """This choice, except for one connection."""
        self.excluded = (*self.excluded, connection_id)
        return self

    def begin(self, frame: Frame) -> Fanout[THandle, TIdentity]:
        """Take the next place in the order for `frame`; nothing is sent yet."""
        return self._broadcaster.begin(frame, self)


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
