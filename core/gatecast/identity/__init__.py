"""Who a connection is, and the keys by which connections are found."""

from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, AnyIndex, Index
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import (
    ConnectionIdentity,
    HasAccount,
    HasApiToken,
    HasExpiry,
    HasSession,
)

__all__ = [
    "ACCOUNT",
    "API_TOKEN",
    "SESSION",
    "AccountId",
    "AnyIndex",
    "ApiTokenId",
    "ConnectionId",
    "ConnectionIdentity",
    "HasAccount",
    "HasApiToken",
    "HasExpiry",
    "HasSession",
    "Index",
    "Predicate",
    "TokenHash",
]
