"""Admissions: a revocation between check and registration is not missed (REV-6).

Checking a credential takes time: the app asks its database, and meanwhile a user logs out. The
revocation finds no connection to close, the check returns what it read before, and the socket would
stay open for ever. So an admission is opened before the check. While any is open, revocations are
remembered, and a connection is registered only if none of those since its admission began matches
it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import Generic, Never, TypeVar

from gatecast.connections._predicates import may_be_revoked
from gatecast.errors import AdmissionExpiredError, AdmissionRevokedError, InvalidLimitError
from gatecast.identity.index import AnyIndex
from gatecast.identity.predicate import Predicate

__all__ = ["Admission", "Admissions"]

TIdentity = TypeVar("TIdentity")


class Admission(Generic[TIdentity]):
    """One open check of a credential; a context manager that ends it."""

    __slots__ = ("_admissions", "opened_at", "sequence")

    def __init__(self, admissions: Admissions[TIdentity], sequence: int, opened_at: float) -> None:
        self._admissions = admissions
        self.sequence: int = sequence
        self.opened_at: float = opened_at

    def __enter__(self) -> Admission[TIdentity]:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End it, once the connection is registered or refused; idempotent."""
        self._admissions.end(self)


class Admissions(Generic[TIdentity]):
    """The open admissions, and the revocations since the oldest of them began.

    Nothing is remembered while none is open. An admission that is open for `max_seconds` times out,
    and its connection is refused: that bounds the memory, and fails closed.
    """

    def __init__(
        self,
        indexes: Sequence[AnyIndex[TIdentity]],
        clock: Callable[[], float],
        max_seconds: float,
    ) -> None:
        if not max_seconds > 0:
            raise InvalidLimitError("max_admission_seconds", max_seconds)
        self._indexes = indexes
        self._clock = clock
        self._max_seconds = max_seconds
        self._sequence = 0
        # All three are oldest first, so that trimming looks only at the front. At the front of a
        # plain dictionary each look would skip everything that was ever deleted there.
        self._open: OrderedDict[Admission[TIdentity], None] = OrderedDict()
        self._keys: OrderedDict[tuple[AnyIndex[Never], Hashable], int] = OrderedDict()
        self._predicates: OrderedDict[int, Predicate[TIdentity]] = OrderedDict()

    @property
    def remembered(self) -> int:
        """How many revocations are remembered for open admissions."""
        return len(self._keys) + len(self._predicates)

    def any_open(self) -> bool:
        """Whether an admission is open and not overdue."""
        self._expire_overdue()
        return bool(self._open)

    def begin(self) -> Admission[TIdentity]:
        """Open an admission; revocations from now on count for it."""
        self._expire_overdue()
        admission = Admission(self, self._sequence, self._clock())
        self._open[admission] = None
        return admission

    def end(self, admission: Admission[TIdentity]) -> None:
        """End `admission`; idempotent."""
        if admission in self._open:
            del self._open[admission]
            self._trim()

    def expire_all(self) -> None:
        """End every open admission, so that none of them admits a connection."""
        for admission in list(self._open):
            self.end(admission)

    def record_key(self, index: AnyIndex[Never], key: Hashable) -> None:
        """Remember that everything under `key` was revoked now."""
        if key is not None and self.any_open():
            self._sequence += 1
            self._keys[index, key] = self._sequence
            self._keys.move_to_end((index, key))

    def record_predicate(self, predicate: Predicate[TIdentity]) -> None:
        """Remember that everything that satisfies `predicate` was revoked now."""
        if self.any_open():
            self._sequence += 1
            self._predicates[self._sequence] = predicate

    def check(self, admission: Admission[TIdentity], identity: TIdentity) -> None:
        """Pass if no revocation since `admission` began matches `identity`.

        Raises `AdmissionRevokedError` if one does, or if a recorded predicate raises on `identity`;
        `AdmissionExpiredError` if the admission has ended or timed out.
        """
        self._require_open(admission)
        if self._predicate_matches(admission.sequence, identity):
            raise AdmissionRevokedError
        # Keys come last: a predicate may have called back to revoke more, or to end the admission.
        self._require_open(admission)
        if self._key_matches(admission.sequence, identity):
            raise AdmissionRevokedError

    def _require_open(self, admission: Admission[TIdentity]) -> None:
        self._expire_overdue()
        if admission not in self._open:
            raise AdmissionExpiredError

    def _predicate_matches(self, since: int, identity: TIdentity) -> bool:
        while later := [each for each in self._predicates.items() if each[0] > since]:
            since = later[-1][0]
            if any(may_be_revoked(predicate, identity) for _, predicate in later):
                return True
        return False

    def _key_matches(self, since: int, identity: TIdentity) -> bool:
        keys = ((index, index.key_of(identity)) for index in self._indexes)
        return any(self._keys.get(key, 0) > since for key in keys)

    def _expire_overdue(self) -> None:
        if not self._open:
            return
        overdue = self._clock() - self._max_seconds
        while self._open and (oldest := next(iter(self._open))).opened_at <= overdue:
            self.end(oldest)

    def _trim(self) -> None:
        oldest = next(iter(self._open)).sequence if self._open else self._sequence
        while self._keys and self._keys[first := next(iter(self._keys))] <= oldest:
            del self._keys[first]
        while self._predicates and (first_sequence := next(iter(self._predicates))) <= oldest:
            del self._predicates[first_sequence]
