"""Who may connect: what an app keeps in its database, here in memory and made up."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from gatecast import (
    AccountId,
    ApiTokenId,
    ConnectionIdentity,
    TokenHash,
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may have several sessions and tokens at a time."""

    name: str
    label: str
    account_id: AccountId


@dataclass(frozen=True, slots=True)
class Session:
    """An account that is signed in on one device, whose browser keeps the secret in a cookie."""

    account: Account
    device: str
    secret: str = field(default_factory=token_urlsafe, repr=False)

    @property
    def name(self) -> str:
        """What URLs call it."""
        return f"{self.account.name}-{self.device}"

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.device.capitalize()} session"

    @property
    def token_hash(self) -> TokenHash:
        """What the server knows it by."""
        return hash_of(self.secret)

    @property
    def identity(self) -> ConnectionIdentity:
        """Who a connection is that was opened with it."""
        return ConnectionIdentity(self.account.account_id, token_hash=self.token_hash)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program that acts for an account, and sends the secret as its bearer token."""

    account: Account
    program: str
    secret: str = field(default_factory=token_urlsafe, repr=False)

    @property
    def name(self) -> str:
        """What URLs call it."""
        return f"{self.account.name}-{self.program}"

    @property
    def label(self) -> str:
        """What people call it."""
        return f"Token {self.program}"

    @property
    def id(self) -> ApiTokenId:
        """What the server knows it by."""
        return ApiTokenId(self.name)

    @property
    def identity(self) -> ConnectionIdentity:
        """Who a connection is that was opened with it."""
        return ConnectionIdentity(self.account.account_id, api_token_id=self.id)


ADA: Final = Account("ada", "Ada", AccountId(UUID(int=1)))
GRACE: Final = Account("grace", "Grace", AccountId(UUID(int=2)))
ACCOUNTS: Final = {account.name: account for account in (ADA, GRACE)}


class Directory:
    """The credentials of all accounts, and which of them still count."""

    def __init__(self) -> None:
        self._give_out()

    def start_over(self) -> None:
        """Give out new credentials; the old ones are refused."""
        self._give_out()

    def _give_out(self) -> None:
        sessions = Session(ADA, "laptop"), Session(ADA, "phone"), Session(GRACE, "laptop")
        self.sessions = {session.name: session for session in sessions}
        api_tokens = (ApiToken(ADA, "backup-bot"),)
        self.api_tokens = {api_token.name: api_token for api_token in api_tokens}
        self._valid = {hash_of(each.secret): each for each in self.credentials()}

    def credentials(self) -> list[Session | ApiToken]:
        """All sessions and tokens, revoked or not."""
        return [*self.sessions.values(), *self.api_tokens.values()]

    def identify(self, secret: str) -> ConnectionIdentity | None:
        """Who presents `secret`; `None` if it is unknown or revoked."""
        credential = self._valid.get(hash_of(secret))
        return credential.identity if credential else None

    def credentials_of(self, account: Account) -> list[Session | ApiToken]:
        """The sessions and tokens of `account`, revoked or not."""
        return [each for each in self.credentials() if each.account is account]

    def is_valid(self, credential: Session | ApiToken) -> bool:
        """Whether `credential` still counts."""
        return hash_of(credential.secret) in self._valid

    def revoke(self, credential: Session | ApiToken) -> None:
        """From now on `credential` does not count; idempotent."""
        self._valid.pop(hash_of(credential.secret), None)

    def revoke_account(self, account: Account) -> None:
        """From now on no credential of `account` counts; idempotent."""
        for credential in self.credentials_of(account):
            self.revoke(credential)


def hash_of(secret: str) -> TokenHash:
    """What a directory stores of a secret: nobody can connect with it."""
    return TokenHash(sha256(secret.encode()).hexdigest())
