"""Who a connection is.

An identity is any immutable value. `ConnectionIdentity` is the one that most apps use; the three
protocols say what an app's own type needs for the verbs by session, account and API token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash

__all__ = ["ConnectionIdentity", "HasAccount", "HasApiToken", "HasExpiry", "HasSession"]


@dataclass(frozen=True, slots=True)
class ConnectionIdentity:
    """The credential behind one connection.

    A cookie session has a `token_hash`, a bearer token an `api_token_id`. A daemon token has
    neither and is reachable by account only (REV-4).
    """

    account_id: AccountId
    token_hash: TokenHash | None = None
    api_token_id: ApiTokenId | None = None
    expires_at: float | None = None
    """When the credential ends, in seconds since the epoch, as the `exp` of a JWT (REV-8)."""


class HasAccount(Protocol):
    """An identity that belongs to an account."""

    @property
    def account_id(self) -> AccountId:
        """The account."""
        ...


class HasSession(Protocol):
    """An identity that may have been opened under a session."""

    @property
    def token_hash(self) -> TokenHash | None:
        """The session, if there is one."""
        ...


class HasApiToken(Protocol):
    """An identity that may have been opened with an API token."""

    @property
    def api_token_id(self) -> ApiTokenId | None:
        """The API token, if there is one."""
        ...


class HasExpiry(Protocol):
    """An identity whose credential may expire; transports read it of any identity type."""

    @property
    def expires_at(self) -> float | None:
        """Seconds since the epoch, or `None` for never."""
        ...
