"""The transport once more, as plainly as possible: lists, scans, and nothing ever forgotten.

Here is who is let in; who is cut off and what is sent is in `naive_members` and `naive_delivery`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from gatecast.connections.caps import Cap
from gatecast.errors import (
    AdmissionError,
    AdmissionExpiredError,
    AdmissionRevokedError,
    CapReachedError,
    CredentialExpiredError,
    DuplicateHandleError,
)
from gatecast.identity.ids import ConnectionId
from gatecast.identity.types import ConnectionIdentity as Identity
from gatecast.ports.ending import Ending
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.runtime import Runtime
from tests.core.connections.naive_delivery import NaiveDelivery
from tests.core.connections.naive_members import INDEXES, Member, holds, is_expired
from tests.core.fakes import FakeHandle

ENDINGS: dict[type[AdmissionError], Ending] = {
    AdmissionRevokedError: Ending.REVOKED,
    AdmissionExpiredError: Ending.CHECK_TIMED_OUT,
    CredentialExpiredError: Ending.EXPIRED,
    CapReachedError: Ending.AT_CAPACITY,
}
"""How a handle is closed that is not let in."""


@dataclass(eq=False)
class NaiveAdmission:
    opened_at: float
    keys: int
    rules: int
    ended: bool = False

    def end(self) -> None:
        self.ended = True


class NaiveTransport(NaiveDelivery):
    def __init__(
        self,
        runtime: Runtime,
        on_drop: Callable[[DroppedConnection[Identity]], None],
        limit: float,
        caps: Sequence[Cap[Identity]],
    ) -> None:
        super().__init__(runtime, on_drop)
        self.limit, self.caps = limit, caps

    # Who is let in

    def admit(self) -> NaiveAdmission:
        return NaiveAdmission(self.runtime.clock(), len(self.revoked_keys), len(self.revoked_rules))

    def add_connection(
        self, handle: FakeHandle, identity: Identity, *, admission: NaiveAdmission | None = None
    ) -> ConnectionId:
        return self._add(handle, identity, admission).id

    def let_in(
        self, handle: FakeHandle, identity: Identity, admission: NaiveAdmission
    ) -> Member | None:
        try:
            return self._add(handle, identity, admission)
        except AdmissionError as error:
            with contextlib.suppress(Exception):
                handle.close(ENDINGS[type(error)])
        finally:
            admission.end()
        return None

    def _add(
        self, handle: FakeHandle, identity: Identity, admission: NaiveAdmission | None
    ) -> Member:
        self._check_handle(handle)
        self.close_expired()
        self._check_admission(admission, identity)
        self._check_expiry(identity)
        surplus = self._surplus(identity)
        # A rule that was asked may have called back.
        self._check_handle(handle)
        places = [next(self.places) for _ in INDEXES]
        added = Member(ConnectionId(uuid4()), handle, identity, places, next(self.places))
        self.members.append(added)
        self._set_timer(identity)
        self._close(surplus, Ending.REPLACED)
        return added

    def _check_handle(self, handle: FakeHandle) -> None:
        if any(member.handle is handle for member in self.members):
            raise DuplicateHandleError(handle)

    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: Identity,
        *,
        admission: NaiveAdmission | None = None,
    ) -> bool:
        self.close_expired()
        self._finish()
        self._check_admission(admission, identity)
        rotated = self._with_id(connection_id)
        for member in rotated:
            self._check_expiry(identity)
            for number, index in enumerate(INDEXES):
                if index.key_of(member.identity) != index.key_of(identity):
                    member.places[number] = next(self.places)
            member.identity = identity
            member.dated = member.rotated = next(self.places)
            self._set_timer(identity)
        return bool(rotated)

    def _set_timer(self, identity: Identity) -> None:
        """Look in time, even if the one that it was set for has gone by then."""
        if identity.expires_at is not None:
            self.runtime.call_later(
                identity.expires_at - self.runtime.wall_clock(), self.close_expired
            )

    # Who is refused, or makes room

    def _check_admission(self, admission: NaiveAdmission | None, identity: Identity) -> None:
        if admission is None:
            return
        self._check_open(admission)
        for number, rule in enumerate(self.revoked_rules):
            if number >= admission.rules and holds(rule, identity, in_doubt=True):
                raise AdmissionRevokedError
        # A rule that was asked may have called back.
        self._check_open(admission)
        for index, key in self.revoked_keys[admission.keys :]:
            if key is not None and index.key_of(identity) == key:
                raise AdmissionRevokedError

    def _check_open(self, admission: NaiveAdmission) -> None:
        if admission.ended or self.runtime.clock() - admission.opened_at >= self.limit:
            raise AdmissionExpiredError

    def _check_expiry(self, identity: Identity) -> None:
        if is_expired(identity, self.runtime.wall_clock()):
            raise CredentialExpiredError(identity.expires_at or 0.0)

    def _surplus(self, identity: Identity) -> list[Member]:
        leaving: list[Member] = []
        for cap in self.caps:
            present = self._under(cap.index, cap.index.key_of(identity))
            staying = [member for member in present if member not in leaving]
            while len(staying) >= cap.limit:
                if cap.when_reached == "refuse":
                    raise CapReachedError(cap.index.name, cap.limit)
                leaving.append(staying.pop(0))
        return leaving
