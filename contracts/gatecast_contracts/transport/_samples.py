"""The people and the messages of all tests, always the same, so that failures are easy to read."""

from __future__ import annotations

import base64
import hashlib
from typing import Final
from uuid import UUID

from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcNotification, notification
from gatecast.ports.outbox import OutboxLimits

__all__ = [
    "ALICE",
    "ALICE_DAEMON",
    "ALICE_LAPTOP",
    "ALICE_PHONE",
    "ALICE_SCRIPT",
    "BOB",
    "BOB_LAPTOP",
    "BOB_SCRIPT",
    "LARGE_BYTES",
    "LAST",
    "ROOMY",
    "ephemeral",
    "large_message",
    "message",
    "session_of",
    "token_of",
]

ALICE: Final = AccountId(UUID(int=0xA11CE))
BOB: Final = AccountId(UUID(int=0xB0B))

ALICE_LAPTOP: Final = ConnectionIdentity(ALICE, token_hash=TokenHash("alice-laptop"))
ALICE_PHONE: Final = ConnectionIdentity(ALICE, token_hash=TokenHash("alice-phone"))
BOB_LAPTOP: Final = ConnectionIdentity(BOB, token_hash=TokenHash("bob-laptop"))
# No sessions: two API tokens, and a daemon that has neither.
ALICE_SCRIPT: Final = ConnectionIdentity(ALICE, api_token_id=ApiTokenId("alice-script"))
BOB_SCRIPT: Final = ConnectionIdentity(BOB, api_token_id=ApiTokenId("bob-script"))
ALICE_DAEMON: Final = ConnectionIdentity(ALICE)

LARGE_BYTES: Final = 256 * 1024

ROOMY: Final = OutboxLimits(max_messages=1024, max_bytes=1024 * LARGE_BYTES)
"""Limits that no test reaches."""

# Hash output, so that no compression on the way makes it small.
_LARGE_TEXT: Final = base64.b64encode(
    hashlib.shake_256(b"gatecast").digest(LARGE_BYTES * 3 // 4)
).decode()


def message(number: int) -> JsonrpcNotification:
    """A message with a number, to distinguish it from others."""
    return notification("contract/message", {"number": number})


def large_message(number: int) -> JsonrpcNotification:
    """The same, with 256 KiB that can't be compressed."""
    return notification("contract/message", {"number": number, "text": _LARGE_TEXT})


LAST: Final = message(999)
"""Sent at the end: a peer that sees it next has missed nothing, and got nothing else before it."""


def ephemeral(number: int) -> ConnectionIdentity:
    """Somebody who exists for one test; nothing but the transport keeps the account id alive."""
    return ConnectionIdentity(AccountId(UUID(int=number)), TokenHash(f"ephemeral-{number}"))


def session_of(who: ConnectionIdentity) -> TokenHash:
    """The session that `who` has."""
    assert who.token_hash is not None
    return who.token_hash


def token_of(who: ConnectionIdentity) -> ApiTokenId:
    """The API token that `who` has."""
    assert who.api_token_id is not None
    return who.api_token_id
