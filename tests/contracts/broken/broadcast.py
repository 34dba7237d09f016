"""Adapters that broadcast wrongly."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from gatecast import (
    AccountId,
    ConnectionId,
    ConnectionIdentity,
    DroppedConnection,
    Frame,
    HandleError,
    JsonrpcMessageFromServerToClient,
    JsonrpcRequest,
    OnDrop,
    Predicate,
    TransportSendOptions,
    notification,
)
from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from tests.contracts.broken.catalogue import breaks


@breaks("BRD-1")
class CountsWhoWasAsked(MemoryTransport):
    @override
    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[ConnectionIdentity]
    ) -> int:
        super().broadcast_filtered(message, predicate)
        return self.get_connection_count()


@breaks("BRD-1")
class SendsToTheWholeAccount(MemoryTransport):
    @override
    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[ConnectionIdentity]
    ) -> int:
        picked: set[AccountId] = set()

        def pick(identity: ConnectionIdentity) -> bool:
            if predicate(identity):
                picked.add(identity.account_id)
            return False

        super().broadcast_filtered(message, pick)
        return sum(self.send_to_account(account_id, message) for account_id in picked)


@breaks("BRD-2")
class SerialisesForEach(MemoryHandle):
    @override
    def send(self, frame: Frame) -> None:
        super().send(Frame(frame.message))


@breaks("BRD-2")
class NumbersItsBytes(MemoryHandle):
    made = 0

    @override
    def send(self, frame: Frame) -> None:
        own = Frame.__new__(Frame)
        own.message, own.data = frame.message, frame.data
        type(self).made += 1
        own.text = frame.text + " " * self.made
        super().send(own)


@breaks("BRD-3")
class ReadsTheLatestFirst(MemoryHandle):
    @override
    def resume(self) -> None:
        waiting = self._outbox.pop_all()
        super().resume()
        for frame in reversed(waiting):
            super().send(frame)


@breaks("BRD-3")
class HoldsTheSixthBack(MemoryHandle):
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
class CountsFailures(MemoryTransport):
    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        recipients = self.get_connection_count()
        super().broadcast(message)
        return recipients


@breaks("BRD-4")
class KeepsWhatFailed(MemoryTransport):
    def __init__(self, *, on_drop: OnDrop[ConnectionIdentity], **options: Any) -> None:
        self._failed: set[ConnectionId] = set()
        self._report = on_drop
        super().__init__(on_drop=self._note, **options)

    def _note(self, dropped: DroppedConnection[ConnectionIdentity]) -> None:
        self._report(dropped)
        if not isinstance(dropped.error, HandleError):
            self._failed.add(dropped.connection_id)

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        connections = self.get_connections()
        accepted = super().broadcast(message)
        for connection in connections:
            if connection.id in self._failed:
                self.add_connection(connection.handle, connection.identity)
        return accepted


@breaks("BRD-4")
class ThrowsWhatAHandleThrew(MemoryTransport):
    def __init__(self, *, on_drop: OnDrop[ConnectionIdentity], **options: Any) -> None:
        self._errors: list[Exception] = []
        self._report = on_drop
        super().__init__(on_drop=self._note, **options)

    def _note(self, dropped: DroppedConnection[ConnectionIdentity]) -> None:
        self._report(dropped)
        if not isinstance(dropped.error, HandleError):
            self._errors.append(dropped.error)

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        accepted = super().broadcast(message)
        for error in self._errors:
            raise error
        return accepted


@breaks("BRD-5")
class FailsOpen(MemoryTransport):
    @override
    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[ConnectionIdentity]
    ) -> int:
        def permissive(identity: ConnectionIdentity) -> bool:
            try:
                return predicate(identity)
            except LookupError:
                logging.getLogger("gatecast").exception("let it through")
                return True

        return super().broadcast_filtered(message, permissive)


@breaks("BRD-5")
class LogsEveryDoubt(MemoryTransport):
    @override
    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[ConnectionIdentity]
    ) -> int:
        def chatty(identity: ConnectionIdentity) -> bool:
            try:
                return predicate(identity)
            except LookupError:
                logging.getLogger("gatecast").exception("not sent to %r", identity)
                return False

        return super().broadcast_filtered(message, chatty)


@breaks("BRD-6")
class LetsTheInnerOvertake(MemoryTransport):
    """Sends in a plain loop, so that a broadcast from within a send comes first for the rest."""

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        frame = Frame(message)
        return sum(self.send_frame_to(each.id, frame) for each in self.get_connections())


@breaks("BRD-4", "BRD-6", "BKP-1")
class SkipsWhenSomebodyLeaves(MemoryTransport):
    """Goes through the registry by position, and so passes over whoever takes a place left free."""

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        frame = Frame(message)
        accepted = position = 0
        while position < self.get_connection_count():
            accepted += self.send_frame_to(self.get_connections()[position].id, frame)
            position += 1
        return accepted


class CanBeBusy(MemoryTransport):
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
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        with self.busy():
            return super().broadcast(message)


@breaks("BRD-6")
class RefusesPredicatesThatCallBack(CanBeBusy):
    @override
    def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, predicate: Predicate[ConnectionIdentity]
    ) -> int:
        with self.busy():
            return super().broadcast_filtered(message, predicate)

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        with self.busy():
            return super().broadcast(message)


@breaks("BRD-7")
class PassesRequestsOn(MemoryTransport):
    async def send(self, message: Any, options: TransportSendOptions | None = None) -> Any:
        if isinstance(message, JsonrpcRequest):
            self.broadcast(notification(message.method, message.params))
        return await super().send(message, options)


@breaks("BRD-7")
class AnswersSomebodyElse(MemoryTransport):
    async def send(self, message: Any, options: TransportSendOptions | None = None) -> Any:
        if not isinstance(message, JsonrpcRequest):
            return self.broadcast(message) and None
        answer = await super().send(message, options)
        return answer.model_copy(update={"id": "other"})


@breaks("BRD-7")
class NotifiesOnlyTheFirst(MemoryTransport):
    async def send(self, message: Any, options: TransportSendOptions | None = None) -> Any:
        if isinstance(message, JsonrpcRequest):
            return await super().send(message, options)
        self.send_to_connection(self.get_connections()[0].id, message)
        return None


@breaks("BRD-8")
class SearchesForTheAccount(MemoryTransport):
    @override
    def send_to_account(
        self, account_id: AccountId, message: JsonrpcMessageFromServerToClient
    ) -> int:
        return self.broadcast_filtered(message, lambda each: each.account_id == account_id)


@breaks("BRD-8")
class SendsToOneOfTheAccount(MemoryTransport):
    @override
    def send_to_account(
        self, account_id: AccountId, message: JsonrpcMessageFromServerToClient
    ) -> int:
        for connection in self.get_connections():
            if connection.identity.account_id == account_id:
                return self.send_to_connection(connection.id, message)
        return 0
