"""Index keys between processes: an index is sent as its name, a key as JSON."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, Never, TypeAlias, TypeVar, cast

from pydantic import (
    JsonValue,
    PydanticSchemaGenerationError,
    TypeAdapter,
)
from pydantic_core import to_json

from gatecast.errors import (
    DuplicateIndexError,
    InvalidKeyError,
    UnknownIndexError,
    UnportableIndexError,
)
from gatecast.identity.index import BUILT_IN, AnyIndex, Index

__all__ = ["PortableKeys"]

TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)

_KnownIndex: TypeAlias = Index[Never, Hashable]


class PortableKeys(Generic[TIdentity]):
    """The indexes that a cluster knows by name, and the JSON form of their keys.

    `indexes` come beside the built-in ones. Raises `DuplicateIndexError` if two have one name, and
    `UnportableIndexError` for a `key_type` that pydantic can't read from JSON.
    """

    def __init__(self, indexes: Iterable[AnyIndex[TIdentity]]) -> None:
        self._known: dict[str, tuple[_KnownIndex, TypeAdapter[object]]] = {}
        for index in dict.fromkeys((*BUILT_IN, *indexes)):
            if index.name in self._known:
                raise DuplicateIndexError(index.name)
            # An index over these identities serves as one over `Never`, and each key is checked
            # against its `key_type` when it is used.
            self._known[index.name] = (cast(_KnownIndex, index), _adapter(index))

    def encode(self, index: Index[Never, TKey], key: TKey) -> JsonValue:
        """The JSON form of `key`.

        Raises `UnknownIndexError` if the cluster was not built with `index`, and `InvalidKeyError`
        for a key that is no `key_type`, or that JSON would change.
        """
        known, adapter = self._known.get(index.name, (None, None))
        if adapter is None or known is not index:
            raise UnknownIndexError(index.name, tuple(self._known))
        if index.checked(key) is None:
            # `None` matches nothing (REV-4), so sending it to all nodes must be a mistake.
            raise InvalidKeyError(index.name, index.key_type, key)
        try:
            encoded: JsonValue = adapter.dump_python(key, mode="json")
            # As in an envelope, where infinities become null.
            written = to_json(encoded, inf_nan_mode="null")
            returned = adapter.validate_json(written, strict=True)
        except ValueError as error:
            raise InvalidKeyError(index.name, index.key_type, key) from error
        if returned != key:
            raise InvalidKeyError(index.name, index.key_type, key)
        return encoded

    def decode(self, name: str, encoded: JsonValue) -> tuple[_KnownIndex, Hashable]:
        """The index and the key that another node has sent.

        Raises `UnknownIndexError` if this node has no such index, and `ValueError` for a key of
        another type.
        """
        if name not in self._known:
            raise UnknownIndexError(name, tuple(self._known))
        index, adapter = self._known[name]
        key = adapter.validate_json(to_json(encoded), strict=True)
        if not isinstance(key, Hashable):
            raise InvalidKeyError(name, index.key_type, key)
        return index, index.checked(key)


def _adapter(index: AnyIndex[Never]) -> TypeAdapter[object]:
    try:
        return TypeAdapter(index.key_type)
    except PydanticSchemaGenerationError as error:
        raise UnportableIndexError(index.name, index.key_type) from error
