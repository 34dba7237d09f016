"""What Gatecast's own servers under test have in common: who a connection is, and the message."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from benchmarks.message import METHOD, Message
from benchmarks.servers._server import GROUPS, Subscriber
from gatecast.identity.ids import AccountId, TokenHash
from gatecast.messages.jsonrpc import JsonrpcNotification, notification


@dataclass(frozen=True, slots=True)
class Member(Subscriber):
    """A subscriber with an account and a session of its own, so that indexes have work to do."""

    account_id: AccountId
    token_hash: TokenHash

    @classmethod
    def of(cls, subscriber: Subscriber) -> "Member":
        """Gives a subscriber its credential."""
        index = subscriber.index
        token_hash = hashlib.sha256(str(index).encode()).hexdigest()
        return cls(index, index % GROUPS, AccountId(UUID(int=index)), TokenHash(token_hash))


def to_notification(message: Message) -> JsonrpcNotification:
    """The message as an application builds it."""
    return notification(METHOD, message.params)
