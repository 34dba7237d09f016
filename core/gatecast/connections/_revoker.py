"""The revoker: cuts off connections, and records that for open admissions. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from gatecast.connections._departing import Departing
from gatecast.connections._predicates import select_revoked
from gatecast.connections._registry import KeyTable
from gatecast.connections._roster import Roster
from gatecast.connections.admission import Admissions
from gatecast.connections.connection import Connection
from gatecast.connections.recipients import Selection, UnderKey
from gatecast.identity.predicate import Predicate
from gatecast.ports.ending import Ending
from gatecast.ports.handle import ConnectionHandle

__all__ = ["Revoker"]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")


class Revoker(Generic[THandle, TIdentity]):
    """Cuts off connections of one transport, and refuses those that are being admitted (REV-6)."""

    def __init__(
        self, roster: Roster[THandle, TIdentity], admissions: Admissions[TIdentity]
    ) -> None:
        self._roster = roster
        self._registry = roster.registry
        self._admissions = admissions

    def cut_off(
        self, selection: Selection[TIdentity], ending: Ending
    ) -> Departing[THandle, TIdentity]:
        """Forget what `selection` names, so that no message reaches it any more (REV-2).

        An index that this transport does not have matches nothing, and so does the key `None`
        (REV-4). Raises `InvalidKeyError`, and then has changed nothing.
        """
        return self._roster.end(self._selected(selection), ending, selection)

    def fence(self) -> Departing[THandle, TIdentity]:
        """Forget every connection, and end every open admission (CLU-3)."""
        self._admissions.expire_all()
        return self._roster.end(self._registry.all(), Ending.FENCED)

    def _selected(self, selection: Selection[TIdentity]) -> list[Connection[THandle, TIdentity]]:
        match selection:
            case UnderKey(index=index, key=key, where=where):
                table = self._registry.table(index)
                if table is None or key is None:
                    return []
                index.require_key(key)
                if where is not None:
                    return self._under_key_where(table, key, where)
                matching = table.matching(key)
                self._admissions.record_key(index, key)
                return matching
            case by_predicate:
                self._admissions.record_predicate(by_predicate.predicate)
                return self._chosen(self._registry.identities, by_predicate.predicate)

    def _under_key_where(
        self, table: KeyTable[THandle, TIdentity], key: Hashable, where: Predicate[object]
    ) -> list[Connection[THandle, TIdentity]]:
        key_of = table.index.key_of
        self._admissions.record_predicate(
            lambda identity: key_of(identity) == key and where(identity)
        )

        def matching() -> dict[Connection[THandle, TIdentity], TIdentity]:
            return {connection: connection.identity for connection in table.matching(key)}

        return self._chosen(matching, where)

    def _chosen(
        self,
        candidates: Callable[[], Mapping[Connection[THandle, TIdentity], TIdentity]],
        predicate: Predicate[TIdentity],
    ) -> list[Connection[THandle, TIdentity]]:
        since = self._roster.rotations
        chosen = select_revoked(candidates(), predicate)
        if self._roster.rotations == since:
            return chosen
        # The predicate has not seen the identities that were rotated meanwhile: in doubt, close.
        rotated = [connection for connection in candidates() if connection.rotation > since]
        return list(dict.fromkeys((*chosen, *rotated)))
