"""What a node of the cluster tests is told by whoever drives it, and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from gatecast.cluster._node import NodeState
from gatecast.identity.ids import AccountId, TokenHash

__all__ = [
    "SETTINGS",
    "STREAM",
    "HealthReply",
    "News",
    "NodeSettings",
    "RevokeCommand",
    "account_id",
    "credential_of",
    "tier_of",
    "token_hash",
]

SETTINGS: Final = "GATECAST_CLUSTER_NODE"
"""The environment variable that holds a node's settings."""

STREAM: Final = "gatecast"
"""The key of the log."""


class _Model(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)


class NodeSettings(_Model):
    """How a node is built."""

    redis_url: str
    lease: float
    close_timeout: float
    relay_timeout: float
    revoked: Path
    """A folder with an empty file for every credential that has ended: the app's database."""

    def environment(self) -> dict[str, str]:
        """What the process of the node has to find."""
        return {SETTINGS: self.model_dump_json()}

    def end(self, credential: str) -> None:
        """Note that a credential has ended; nobody is identified by it any more."""
        (self.revoked / credential).touch()


class News(_Model):
    """A message, with all that is needed to tell who may see it, and when."""

    tick: int
    """Its place among all that the driver has done; no two messages have the same."""
    account: int | None = None
    """Only for this account."""
    tier: int | None = None
    """Only for the accounts of this tier, by a policy."""
    publisher: str = ""
    """The node that published it."""
    number: int = -1
    """Counts what the publisher has published."""


class RevokeCommand(_Model):
    """End a session, or else all of an account."""

    account: int
    session: int | None = None

    @property
    def credential(self) -> str:
        """What is ended."""
        return credential_of(self.account, self.session)


class HealthReply(_Model):
    """What a process knows of its node."""

    state: NodeState


def credential_of(account: int, session: int | None) -> str:
    """The name of a credential: of an account, or of one of its sessions."""
    return f"account-{account}" if session is None else f"session-{account}-{session}"


def account_id(account: int) -> AccountId:
    """The id of the account with this number."""
    return AccountId(UUID(int=account))


def token_hash(account: int, session: int) -> TokenHash:
    """The key of one of its sessions."""
    return TokenHash(credential_of(account, session))


def tier_of(account: int) -> int:
    """Which of two tiers an account has."""
    return account % 2
