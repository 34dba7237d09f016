"""The registry: the connections, and the keys by which they are found. No behaviour."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, KeysView, Sequence
from typing import Generic, Never, TypeVar

from gatecast.connections.connection import Connection
from gatecast.errors import DuplicateHandleError, DuplicateIdError, UnknownIndexError
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import AnyIndex
from gatecast.ports.ending import Ending

__all__ = ["KeyTable", "Registry"]

THandle = TypeVar("THandle")
TIdentity = TypeVar("TIdentity")


class KeyTable(Generic[THandle, TIdentity]):
    """The connections under each key of one index, in the order of their registration.

    `None` is not a key: a connection without a key is not in the table, and nothing is found under
    `None` (REV-4).

    Most keys have one connection, which is stored directly: a dictionary for every session would be
    the largest part of the memory of an idle connection.
    """

    __slots__ = ("_held", "index")

    def __init__(self, index: AnyIndex[TIdentity]) -> None:
        self.index: AnyIndex[TIdentity] = index
        self._held: dict[
            Hashable,
            Connection[THandle, TIdentity] | dict[Connection[THandle, TIdentity], None],
        ] = {}

    def add(self, key: Hashable, connection: Connection[THandle, TIdentity]) -> None:
        """Add `connection` under `key`, unless that is `None`."""
        if key is None:
            return
        held = self._held.get(key)
        if held is None:
            self._held[key] = connection
        elif isinstance(held, dict):
            held[connection] = None
        else:
            self._held[key] = {held: None, connection: None}

    def discard(self, key: Hashable, connection: Connection[THandle, TIdentity]) -> None:
        """Remove `connection` from under `key`, if it is there."""
        held = self._held.get(key)
        if isinstance(held, dict):
            held.pop(connection, None)
        if held is connection or held == {}:
            del self._held[key]

    def matching(self, key: Hashable) -> list[Connection[THandle, TIdentity]]:
        """The connections under `key`, oldest first."""
        held = self._held.get(key)
        if held is None:
            return []
        return list(held) if isinstance(held, dict) else [held]


class Registry(Generic[THandle, TIdentity]):
    """Connections by id, by handle, and by every declared index.

    Handles are compared by identity (`is`), so they need not be hashable or comparable.
    """

    def __init__(self, indexes: Sequence[AnyIndex[TIdentity]]) -> None:
        self._by_id: dict[ConnectionId, Connection[THandle, TIdentity]] = {}
        self.ids: KeysView[ConnectionId] = self._by_id.keys()
        """A live view of the ids of all registered connections."""
        self._by_handle: dict[int, Connection[THandle, TIdentity]] = {}
        # Kept beside the connections because a scan reads all identities: a copy of this dictionary
        # brings them into the cache together, while reading each connection costs a cache miss.
        self._identities: dict[Connection[THandle, TIdentity], TIdentity] = {}
        # An app may pass a built-in index as well.
        self._indexes = tuple(dict.fromkeys(indexes))
        # Never: a group may ask for the index of another identity type.
        self._tables: dict[AnyIndex[Never], KeyTable[THandle, TIdentity]] = {
            index: KeyTable(index) for index in self._indexes
        }

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, connection: Connection[THandle, TIdentity]) -> None:
        """Register `connection`.

        Raises `DuplicateHandleError`, `DuplicateIdError` or `InvalidKeyError`, and then has changed
        nothing.
        """
        self.require_new(connection.handle)
        if connection.id in self._by_id:
            raise DuplicateIdError(connection.id)
        connection.keys = self._keys_of(connection.identity)
        self._by_id[connection.id] = connection
        self._identities[connection] = connection.identity
        self._by_handle[id(connection.handle)] = connection
        for table, key in self._entries(connection):
            table.add(key, connection)

    def require_new(self, handle: THandle) -> None:
        """Raise `DuplicateHandleError` if `handle` is registered."""
        if id(handle) in self._by_handle:
            raise DuplicateHandleError(handle)

    def remove(self, connection: Connection[THandle, TIdentity], ending: Ending) -> bool:
        """Remove `connection` without a trace; False if it is removed already."""
        if connection.ending is not None:
            return False
        connection.ending = ending
        del self._by_id[connection.id]
        del self._identities[connection]
        del self._by_handle[id(connection.handle)]
        for table, key in self._entries(connection):
            table.discard(key, connection)
        return True

    def rotate(self, connection: Connection[THandle, TIdentity], identity: TIdentity) -> None:
        """Give a registered `connection` another identity and its keys (REV-9).

        Raises `InvalidKeyError`, and then has changed nothing.
        """
        keys = self._keys_of(identity)
        # If a key stays the same, the connection keeps its place among the others.
        for (table, old), new in zip(self._entries(connection), keys, strict=True):
            if new != old:
                table.discard(old, connection)
                table.add(new, connection)
        connection.identity = self._identities[connection] = identity
        connection.keys = keys

    def by_handle(self, handle: object) -> Connection[THandle, TIdentity] | None:
        """The connection that `handle` stands for, if it is registered."""
        return self._by_handle.get(id(handle))

    def by_id(self, connection_id: ConnectionId) -> Connection[THandle, TIdentity] | None:
        """The connection with that id, if it is registered."""
        return self._by_id.get(connection_id)

    def all(self) -> list[Connection[THandle, TIdentity]]:
        """A snapshot of all registered connections, oldest first."""
        return list(self._by_id.values())

    def identities(self) -> dict[Connection[THandle, TIdentity], TIdentity]:
        """As `all`, with the current identity of each connection."""
        return self._identities.copy()

    def table(self, index: AnyIndex[Never]) -> KeyTable[THandle, TIdentity] | None:
        """The connections by `index`; `None` if it was not declared."""
        return self._tables.get(index)

    def matching(
        self, index: AnyIndex[Never], key: Hashable
    ) -> list[Connection[THandle, TIdentity]]:
        """The connections under `key`, in the order of their registration there, at O(matches).

        Raises `UnknownIndexError` for an index that was not declared.
        """
        return self.require(index).matching(key)

    def require(self, index: AnyIndex[Never]) -> KeyTable[THandle, TIdentity]:
        """The connections by `index`; raises `UnknownIndexError` if it was not declared."""
        table = self._tables.get(index)
        if table is None:
            raise UnknownIndexError(index.name, tuple(known.name for known in self._tables))
        return table

    def _keys_of(self, identity: TIdentity) -> tuple[Hashable, ...]:
        return tuple(index.key_of(identity) for index in self._indexes)

    def _entries(
        self, connection: Connection[THandle, TIdentity]
    ) -> Iterator[tuple[KeyTable[THandle, TIdentity], Hashable]]:
        return zip(self._tables.values(), connection.keys, strict=True)
