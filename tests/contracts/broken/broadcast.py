"""Adapters that broadcast wrongly."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from gatecast import (
    AccountId,
    Connection,
    ConnectionId,
    ConnectionIdentity,
    DroppedConnection,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
    Predicate,
    TransportSendOptions,
    notification,
)
from gatecast.errors import HandleClosedError, HandleError
from gatecast.ports import Frame, OnDrop
from gatecast_adapters.memory import MemoryHandle
from tests.contracts.broken.catalogue import breaks
from tests.contracts.broken.sound import SoundHandle, SoundTransport


@breaks("BRD-1")
class CountsWhoWasAsked(SoundTransport):
    @override
    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[ConnectionIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        super().broadcast_filtered(message, predicate, exclude=exclude)
        return self.get_connection_count()


@breaks("BRD-1")
class SendsToTheWholeAccount(SoundTransport):
    @override
    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[ConnectionIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        picked: set[AccountId] = set()

        def pick(identity: ConnectionIdentity) -> bool:
            if predicate(identity):
                picked.add(identity.account_id)
            return False

        super().broadcast_filtered(message, pick, exclude=exclude)
        return sum(self.send_to_account(each, message, exclude=exclude) for each in picked)


@breaks("BRD-2")
class SerialisesForEach(SoundHandle):
    @override
    def send(self, frame: Frame) -> None:
        super().send(Frame(frame.message))


@breaks("BRD-2")
class NumbersItsBytes(SoundHandle):
    made = 0

    @override
    def send(self, frame: Frame) -> None:
        own = Frame.__new__(Frame)
        own.message, own.data = frame.message, frame.data
        type(self).made += 1
        own.text = frame.text + " " * self.made
        super().send(own)


@breaks("BRD-3")
class ReadsTheLatestFirst(SoundHandle):
    @override
    def resume(self) -> None:
        read = len(self.frames)
        super().resume()
        self.frames[read:] = reversed(self.frames[read:])


@breaks("BRD-3")
class HoldsTheSixthBack(SoundHandle):
    asked = 0

    @override
    def send(self, frame: Frame) -> None:
        self.asked += len(frame) < 1000
        if self.asked == 6:
            self.sixth = frame
            return
        super().send(frame)
        if self.asked == 7:
            super().send(self.sixth)


@breaks("BRD-4")
class CountsFailures(SoundTransport):
    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        recipients = self.get_connection_count()
        super().broadcast(message, exclude=exclude)
        return recipients


@breaks("BRD-4")
class KeepsWhatFailed(SoundTransport):
    def __init__(self, *, on_drop: OnDrop[ConnectionIdentity], **options: Any) -> None:
        self._failed: set[ConnectionId] = set()
        self._report = on_drop
        super().__init__(on_drop=self._note, **options)

    def _note(self, dropped: DroppedConnection[ConnectionIdentity]) -> None:
        self._report(dropped)
        if not isinstance(dropped.error, HandleError):
            self._failed.add(dropped.connection_id)

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        connections = self.get_connections()
        accepted = super().broadcast(message, exclude=exclude)
        for connection in connections:
            if connection.id in self._failed:
                self.add_connection(connection.handle, connection.identity)
        return accepted


@breaks("BRD-4")
class ThrowsWhatAHandleThrew(SoundTransport):
    def __init__(self, *, on_drop: OnDrop[ConnectionIdentity], **options: Any) -> None:
        self._errors: list[Exception] = []
        self._report = on_drop
        super().__init__(on_drop=self._note, **options)

    def _note(self, dropped: DroppedConnection[ConnectionIdentity]) -> None:
        self._report(dropped)
        if not isinstance(dropped.error, HandleError):
            self._errors.append(dropped.error)

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        accepted = super().broadcast(message, exclude=exclude)
        for error in self._errors:
            raise error
        return accepted


@breaks("BRD-5")
class FailsOpen(SoundTransport):
    @override
    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[ConnectionIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        def permissive(identity: ConnectionIdentity) -> bool:
            try:
                return predicate(identity)
            except LookupError:
                logging.getLogger("gatecast").exception("let it through")
                return True

        return super().broadcast_filtered(message, permissive, exclude=exclude)


@breaks("BRD-5")
class LogsEveryDoubt(SoundTransport):
    @override
    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[ConnectionIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        def chatty(identity: ConnectionIdentity) -> bool:
            try:
                return predicate(identity)
            except LookupError:
                logging.getLogger("gatecast").exception("not sent to %r", identity)
                return False

        return super().broadcast_filtered(message, chatty, exclude=exclude)


class SendsByItself(SoundTransport):
    """What the next ones have in common: no order but that in which they send, and no observer."""

    def send_to_one(
        self, connection: Connection[MemoryHandle, ConnectionIdentity], frame: Frame
    ) -> bool:
        # Of nobody, for the check of the thread, which is sound.
        self.adapter.failed(SoundHandle(None, self.forget), HandleClosedError())
        try:
            connection.handle.send(frame)
        except Exception as error:  # noqa: BLE001  # whatever a handle raises
            self.adapter.failed(connection.handle, error)
            return False
        return True


@breaks("BRD-6", "OBS-1")
class LetsTheInnerOvertake(SendsByItself):
    """Sends in a plain loop, so that a broadcast from within a send comes first for the rest."""

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        frame = Frame(message)
        connections = [each for each in self.get_connections() if each.id != exclude]
        return sum(self.send_to_one(each, frame) for each in connections)


@breaks("BRD-4", "BRD-6", "BKP-1", "OBS-1")
class SkipsWhenSomebodyLeaves(SendsByItself):
    """Goes through the registry by position, and so passes over whoever takes a place left free."""

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        frame = Frame(message)
        accepted = position = 0
        while position < self.get_connection_count():
            connection = self.get_connections()[position]
            accepted += connection.id != exclude and self.send_to_one(connection, frame)
            position += 1
        return accepted


class CanBeBusy(SoundTransport):
    """What the next ones have in common."""

    def __init__(self, **options: Any) -> None:
        self._busy = False
        super().__init__(**options)

    @contextmanager
    def busy(self) -> Generator[None]:
        if self._busy:
            raise RuntimeError("busy")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False


@breaks("BRD-6")
class RefusesSendsThatCallBack(CanBeBusy):
    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        with self.busy():
            return super().broadcast(message, exclude=exclude)


@breaks("BRD-6")
class RefusesPredicatesThatCallBack(CanBeBusy):
    @override
    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[ConnectionIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        with self.busy():
            return super().broadcast_filtered(message, predicate, exclude=exclude)

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        with self.busy():
            return super().broadcast(message, exclude=exclude)


@breaks("BRD-7")
class PassesRequestsOn(SoundTransport):
    async def send(self, message: Any, options: TransportSendOptions | None = None) -> Any:
        if isinstance(message, JsonrpcRequest):
            self.broadcast(notification(message.method, message.params))
        return await super().send(message, options)


@breaks("BRD-7")
class AnswersSomebodyElse(SoundTransport):
    async def send(self, message: Any, options: TransportSendOptions | None = None) -> Any:
        if not isinstance(message, JsonrpcRequest):
            return self.broadcast(message) and None
        answer = await super().send(message, options)
        return answer.model_copy(update={"id": "other"})


@breaks("BRD-7")
class NotifiesOnlyTheFirst(SoundTransport):
    async def send(self, message: Any, options: TransportSendOptions | None = None) -> Any:
        if isinstance(message, JsonrpcRequest):
            return await super().send(message, options)
        self.send_to_connection(self.get_connections()[0].id, message)
        return None


@breaks("BRD-8")
class SearchesForTheAccount(SoundTransport):
    @override
    def send_to_account(
        self,
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        return self.broadcast_filtered(
            message, lambda each: each.account_id == account_id, exclude=exclude
        )


@breaks("BRD-8")
class SendsToOneOfTheAccount(SoundTransport):
    @override
    def send_to_account(
        self,
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        for connection in self.get_connections():
            if connection.identity.account_id == account_id and connection.id != exclude:
                return self.send_to_connection(connection.id, message)
        return 0


@breaks("BRD-9")
class BroadcastsToTheExcludedAsWell(SoundTransport):
    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        return super().broadcast(message)


@breaks("BRD-9")
class FiltersTheExcludedAsTheOthers(SoundTransport):
    @override
    def broadcast_filtered(
        self,
        message: JsonrpcMessageFromServerToClient,
        predicate: Predicate[ConnectionIdentity],
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        return super().broadcast_filtered(message, predicate)


@breaks("BRD-9")
class ExcludesTheWholeAccount(SoundTransport):
    @override
    def send_to_account(
        self,
        account_id: AccountId,
        message: JsonrpcMessageFromServerToClient,
        *,
        exclude: ConnectionId | None = None,
    ) -> int:
        return 0 if exclude is not None else super().send_to_account(account_id, message)


@breaks("BRD-9")
class ExcludesSomebodyForTheGone(SoundTransport):
    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        ids = [connection.id for connection in self.get_connections()]
        if exclude is not None and exclude not in ids:
            exclude = ids[0]
        return super().broadcast(message, exclude=exclude)
