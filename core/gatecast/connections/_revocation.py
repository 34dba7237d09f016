"""Revocation: which connections are cut off, and how they are told. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Never, TypeVar

from gatecast.close_codes import FENCED_REASON, REVOKED_REASON, CloseCode, validate_close_code
from gatecast.connections._connections import Connections
from gatecast.connections._predicates import Predicate, select_revoked
from gatecast.connections.connection import Connection
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import Index
from gatecast.ports.ports import ConnectionHandle, Tell

__all__ = ["Revocation", "cut_off_on_each"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)
TMember = TypeVar("TMember")
TResult = TypeVar("TResult")


class Revocation(Connections[THandle, TIdentity]):
    """The verbs that close connections: by index, by predicate, and one by one."""

    def close_by(
        self,
        index: Index[TIdentity, TKey],
        key: TKey,
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection under `key` of a declared index, at O(matches); return how many.

        Once it has returned, no message reaches them (REV-2), and no open admission lets the key in
        (REV-6). Raises `UnknownIndexError`, `InvalidKeyError` or `InvalidCloseError`, and then has
        closed nothing.
        """
        self._check_thread("close_by")
        return self._cut_off_key(index, key, code, reason)()

    def close_where(
        self,
        predicate: Predicate[TIdentity],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """Close every connection whose identity satisfies `predicate`; return how many.

        As `close_by`, at O(N). Where the predicate raises, the connection is closed.
        """
        self._check_thread("close_where")
        return self.cut_off_where(predicate, code=code, reason=reason)()

    def close_connection(
        self, connection_id: ConnectionId, *, code: int = CloseCode.NORMAL, reason: str = ""
    ) -> bool:
        """Close one connection; False if it is not registered. Raises `InvalidCloseError`."""
        self._check_thread("close_connection")
        validate_close_code(code)
        connection = self._registry.by_id(connection_id)
        return connection is not None and self._close([connection], code, reason) == 1

    def revoke(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        where: Predicate[object] | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> int:
        """As `close_by`, for a caller that holds transports of several identity types.

        An index that this transport does not know matches nothing. `where` chooses among the
        matches; where it raises, the connection is closed.
        """
        self._check_thread("revoke")
        return self.cut_off(index, key, where=where, code=code, reason=reason)()

    def cut_off(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        where: Predicate[object] | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Tell:
        """The first half of `revoke`: the connections are forgotten, and not yet told.

        A group cuts off in all its members before any handle is told, since that may call back.
        """
        self._check_thread("cut_off")
        declared = self._registry.declared(index)
        if declared is None or key is None:
            return _nobody
        if where is None:
            return self._cut_off_key(index, key, code, reason)
        validate_close_code(code)
        checked = index.checked(key)
        self._admissions.record_predicate(
            lambda identity: declared.key_of(identity) == key and where(identity)
        )

        def matching() -> dict[Connection[THandle, TIdentity], TIdentity]:
            found = self._registry.matching(index, checked)
            return {connection: connection.identity for connection in found}

        return self._cut_off(self._choose_revoked(matching, where), code, reason)

    def cut_off_where(
        self,
        predicate: Predicate[TIdentity],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Tell:
        """The first half of `close_where`, as `cut_off` is of `revoke`."""
        self._check_thread("cut_off_where")
        validate_close_code(code)
        self._admissions.record_predicate(predicate)
        chosen = self._choose_revoked(self._registry.identities, predicate)
        return self._cut_off(chosen, code, reason)

    def fence(self) -> Tell:
        """Cut off every connection with 1012, as `cut_off`, and end every open admission.

        For a cluster whose node can't know any more what was revoked (CLU-3).
        """
        self._check_thread("fence")
        self._admissions.give_up()
        return self._cut_off(self._registry.all(), CloseCode.SERVICE_RESTART, FENCED_REASON)

    def close_expired(self) -> int:
        """Close every connection whose credential has ended by now; return how many (REV-8).

        It is called when the next one is due, and before each message, so an app need not call it.
        """
        self._check_thread("close_expired")
        return self._close_due()

    def _choose_revoked(
        self,
        candidates: Callable[[], dict[Connection[THandle, TIdentity], TIdentity]],
        predicate: Predicate[TIdentity],
    ) -> list[Connection[THandle, TIdentity]]:
        since = self._rotations
        chosen = select_revoked(candidates(), predicate)
        if self._rotations == since:
            return chosen
        # Nobody was asked about an identity that came meanwhile, so whoever has one is in doubt.
        rotated = [connection for connection in candidates() if connection.rotation > since]
        return list(dict.fromkeys((*chosen, *rotated)))

    def _cut_off_key(self, index: Index[Never, TKey], key: TKey, code: int, reason: str) -> Tell:
        validate_close_code(code)
        matching = self._registry.matching(index, index.checked(key))
        self._admissions.record_key(index, key)
        return self._cut_off(matching, code, reason)


def cut_off_on_each(transports: Iterable[TMember], cut_off: Callable[[TMember], Tell]) -> Tell:
    """Call `cut_off` for each of `transports`; what is returned tells the handles of all (REV-2).

    One that raises, in either half, keeps it from none of the others (REV-5). The first error is
    raised when all are told, with the others as notes.
    """
    errors: list[Exception] = []
    tells = _call_each(cut_off, transports, errors)

    def tell() -> int:
        closed = sum(_call_each(lambda tell_one: tell_one(), tells, errors))
        for other in errors[1:]:
            errors[0].add_note(f"another transport failed as well: {other!r}")
        if errors:
            raise errors[0]
        return closed

    return tell


def _call_each(
    function: Callable[[TMember], TResult], members: Iterable[TMember], errors: list[Exception]
) -> list[TResult]:
    results: list[TResult] = []
    for member in members:
        try:
            results.append(function(member))
        except Exception as error:  # noqa: BLE001  # raised in the end
            errors.append(error)
    return results


def _nobody() -> int:
    return 0
