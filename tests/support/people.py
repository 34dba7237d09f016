"""Who connects in the tests of adapters: `?as=alice`, by WebSocket or by stream."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import HTTPConnection

from gatecast.identity.ids import AccountId, TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcNotification, notification
from gatecast_adapters.starlette_sse import SseIdentity

__all__ = [
    "ALICE",
    "ALICE_SESSION",
    "BOB",
    "identify",
    "identify_stream",
    "identity_of",
    "is_alice",
    "note",
]

ALICE: Final = AccountId(UUID(int=0xA))
BOB: Final = AccountId(UUID(int=0xB))
ALICE_SESSION: Final = TokenHash("alice")

_ACCOUNTS: Final = {"alice": ALICE, "alice-phone": ALICE, "bob": BOB}


def identity_of(name: str) -> ConnectionIdentity | None:
    """The account of `name`, under a session of the same name."""
    account_id = _ACCOUNTS.get(name)
    return None if account_id is None else ConnectionIdentity(account_id, TokenHash(name))


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Whoever the query names."""
    return identity_of(connection.query_params.get("as", ""))


async def identify_stream(connection: HTTPConnection) -> SseIdentity | None:
    """As `identify`, for a stream."""
    name = connection.query_params.get("as", "")
    account_id = _ACCOUNTS.get(name)
    return None if account_id is None else SseIdentity(account_id, TokenHash(name))


def is_alice(identity: ConnectionIdentity | SseIdentity) -> bool:
    """A rule for broadcasts."""
    return identity.account_id == ALICE


def note(number: int, padding: int = 0) -> JsonrpcNotification:
    """One of a series of messages that can be told apart; `padding` makes it larger, in bytes."""
    return notification("note", {"number": number, "padding": "x" * padding})
