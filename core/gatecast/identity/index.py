"""Indexes: named keys taken from an identity, so that a lookup costs O(matches), not O(N)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar, cast
from uuid import UUID

from gatecast.errors import InvalidKeyError
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.types import HasAccount, HasApiToken, HasSession

__all__ = ["ACCOUNT", "API_TOKEN", "BUILT_IN", "SESSION", "AnyIndex", "Index"]

TIdentity_contra = TypeVar("TIdentity_contra", contravariant=True)
TKey = TypeVar("TKey", bound=Hashable)


class AnyIndex(Protocol[TIdentity_contra]):
    """An `Index` over an identity type, with keys of any type."""

    @property
    def name(self) -> str:
        """Its name in errors and between processes."""
        ...

    @property
    def key_type(self) -> type[object]:
        """The class of its keys."""
        ...

    def key_of(self, identity: TIdentity_contra) -> Hashable:
        """The checked key of `identity`, or `None`."""
        ...

    def require_key(self, key: object) -> None:
        """Raise `InvalidKeyError` if `key` is neither `None` nor a `key_type`."""
        ...


# Not slotted: Python 3.11 and 3.12 can't make a frozen, slotted generic as `Index[A, B](...)`.
@dataclass(frozen=True, eq=False)
class Index(Generic[TIdentity_contra, TKey]):
    """A named key of an identity.

    `key` takes the key from an identity; `None` means that this connection has none, and `None`
    matches nothing (REV-4). `key_type` is the class of the keys at run time: for a `NewType`, the
    class behind it. A key of another class could never match, so it raises instead of matching
    nothing.

    Indexes are compared by identity (`is`): declare each once, at module level, and pass that
    object.
    """

    name: str
    key_type: type[object]
    key: Callable[[TIdentity_contra], TKey | None]

    def require_key(self, key: object) -> None:
        """Raise `InvalidKeyError` if `key` is neither `None` nor a `key_type`.

        Raises `TypeError` for a key without a hash.
        """
        if key is not None and not isinstance(key, self.key_type):
            raise InvalidKeyError(self.name, self.key_type, key)
        # A tuple with a list in it has no hash. Fail here, before anything has changed.
        hash(key)

    def checked(self, key: TKey | None) -> TKey | None:
        """Return `key`; raises as `require_key`."""
        self.require_key(key)
        return key

    def key_of(self, identity: TIdentity_contra) -> TKey | None:
        """The checked key of `identity`, or `None`."""
        return self.checked(self.key(identity))


# An app's own identity type may lack these attributes. Then the index stays empty, and the type
# checker refuses the verbs that use it.
def _account_id(identity: HasAccount) -> AccountId | None:
    return getattr(identity, "account_id", None)


def _token_hash(identity: HasSession) -> TokenHash | None:
    return getattr(identity, "token_hash", None)


def _api_token_id(identity: HasApiToken) -> ApiTokenId | None:
    return getattr(identity, "api_token_id", None)


ACCOUNT: Final = Index[HasAccount, AccountId]("account", UUID, _account_id)
SESSION: Final = Index[HasSession, TokenHash]("session", str, _token_hash)
API_TOKEN: Final = Index[HasApiToken, ApiTokenId]("api_token", str, _api_token_id)

# They accept any object; only an identity with the attribute has a key.
BUILT_IN: Final = cast(tuple[AnyIndex[object], ...], (ACCOUNT, SESSION, API_TOKEN))
"""The indexes that every transport has."""
