"""Adapters that notify their observer wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from typing_extensions import override

from gatecast import (
    ConnectionId,
    ConnectionIdentity,
    DroppedConnection,
    Ended,
    Ending,
    JsonrpcMessageFromServerToClient,
    Observation,
    Opened,
    Refused,
    Revoked,
    Sent,
)
from gatecast.ports import Frame
from tests.contracts.broken.catalogue import breaks
from tests.contracts.broken.sound import SoundTransport


@breaks("OBS-1")
class ObservesAConnectionTwice(SoundTransport):
    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        super().observe(event)
        if isinstance(event, Opened):
            super().observe(event)


@breaks("OBS-1")
class BlamesTheServerForEveryEnd(SoundTransport):
    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        super().observe(replace(event, ending=Ending.FAILED) if isinstance(event, Ended) else event)


@breaks("OBS-1")
class ObservesNoRefusal(SoundTransport):
    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        if not isinstance(event, Refused):
            super().observe(event)


@breaks("OBS-1")
class TakesEveryRecipientForAnAcceptance(SoundTransport):
    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        super().observe(
            replace(event, accepted=event.recipients) if isinstance(event, Sent) else event
        )


@breaks("OBS-1")
class ObservesNoDrop(SoundTransport):
    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        if not isinstance(event, DroppedConnection):
            super().observe(event)


@breaks("OBS-1")
class TakesEveryRevocationForARule(SoundTransport):
    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        super().observe(replace(event, index=None) if isinstance(event, Revoked) else event)


@breaks("OBS-2")
class ThrowsWhatTheObserverThrew(SoundTransport):
    def __init__(self, **options: Any) -> None:
        self._errors: list[Exception] = []
        super().__init__(**options)

    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        try:
            super().observe(event)
        except Exception as error:
            self._errors.append(error)
            raise

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        accepted = super().broadcast(message, exclude=exclude)
        for error in self._errors:
            raise error
        return accepted


@breaks("OBS-2")
class ObservesWithinAnObservation(SoundTransport):
    """What is sent from within a call is reported at once."""

    observing = False

    @override
    def observe(self, event: Observation[ConnectionIdentity]) -> None:
        self.observing = True
        try:
            super().observe(event)
        finally:
            self.observing = False

    @override
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        accepted = super().broadcast(message, exclude=exclude)
        if self.observing:
            sent = Sent(self.transport_name, accepted, accepted, len(Frame(message)))
            self.app_observer(sent)
        return accepted
