"""Revocation: which connections are cut off, and how they are told. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Never, TypeVar

from gatecast.close_codes import REVOKED_REASON, CloseCode, validate_close_code
from gatecast.connections import Connections
from gatecast.ids import ConnectionId
from gatecast.index import Index
from gatecast.ports import ConnectionHandle
from gatecast.predicates import Predicate, select_revoked

__all__ = ["Revocation", "close_on_each"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)
TMember = TypeVar("TMember")


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
        return self._close_key(index, key, code, reason)

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
        validate_close_code(code)
        self._admissions.record_predicate(predicate)
        return self._close(select_revoked(self._registry.identities(), predicate), code, reason)

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
        declared = self._registry.declared(index)
        if declared is None or key is None:
            return 0
        if where is None:
            return self._close_key(index, key, code, reason)
        validate_close_code(code)
        matching = self._registry.matching(index, index.checked(key))
        self._admissions.record_predicate(
            lambda identity: declared.key_of(identity) == key and where(identity)
        )
        identities = {connection: connection.identity for connection in matching}
        return self._close(select_revoked(identities, where), code, reason)

    def close_expired(self) -> int:
        """Close every connection whose credential has ended by now; return how many (REV-8).

        It is called when the next one is due, and before each message, so an app need not call it.
        """
        self._check_thread("close_expired")
        return self._close_due()

    def _close_key(self, index: Index[Never, TKey], key: TKey, code: int, reason: str) -> int:
        validate_close_code(code)
        matching = self._registry.matching(index, index.checked(key))
        self._admissions.record_key(index, key)
        return self._close(matching, code, reason)


def close_on_each(transports: Iterable[TMember], close: Callable[[TMember], int]) -> int:
    """Call `close` for each of `transports`; return how many connections it closed.

    One that raises keeps it from none of the others (REV-5). The first error is raised in the end,
    with the others as notes.
    """
    closed = 0
    errors: list[Exception] = []
    for transport in transports:
        try:
            closed += close(transport)
        except Exception as error:  # noqa: BLE001  # raised below
            errors.append(error)
    for other in errors[1:]:
        errors[0].add_note(f"another transport failed as well: {other!r}")
    if errors:
        raise errors[0]
    return closed
