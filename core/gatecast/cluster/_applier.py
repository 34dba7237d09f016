"""The applier: applies the envelopes of all nodes to the connections of this one. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from gatecast.cluster._envelopes import (
    Broadcast,
    EventRevocation,
    KeyRevocation,
    ToAll,
    ToKey,
    ToPolicy,
    ToRecipients,
)
from gatecast.cluster._keys import PortableKeys
from gatecast.cluster.policies import Policies
from gatecast.connections._home_thread import Call
from gatecast.connections.guard import AuditEvent
from gatecast.connections.member import Member, deliver
from gatecast.connections.recipients import (
    EVERYONE,
    AllBut,
    Recipients,
    Satisfying,
    Under,
    UnderKey,
)
from gatecast.identity.ids import ConnectionId
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from gatecast.messages.jsonrpc_parsing import parse_server_message
from gatecast.ports.ending import Ending

__all__ = ["Applier"]

TIdentity = TypeVar("TIdentity")

# The node does everything on the thread that follows the log.
_RUN: Final = Call("run", "cluster", is_async=True)


class Applier(Generic[TIdentity]):
    """Revokes on the transports of this node, broadcasts over them, and fences them.

    The first two raise for what this node does not know: an index, a policy, a message of another
    kind. The node decides what follows. All raise `WrongThreadError`.
    """

    def __init__(
        self,
        member: Member[TIdentity],
        keys: PortableKeys[TIdentity],
        policies: Policies[TIdentity],
        guard: Callable[[AuditEvent], int],
    ) -> None:
        self._member = member
        self._keys = keys
        self._policies = policies
        self._guard = guard

    def revoke(self, envelope: KeyRevocation | EventRevocation) -> int:
        """Close what `envelope` revokes; return how many connections."""
        self._member.check_thread(_RUN)
        if isinstance(envelope, EventRevocation):
            return self._guard(envelope.event)
        index, key = self._keys.decode(envelope.index, envelope.key)
        ending = Ending.revoked(envelope.code, envelope.reason)
        return self._member.cut_off(UnderKey(index, key), ending).close()

    def broadcast(self, envelope: Broadcast) -> int:
        """Send to the recipients that `envelope` names; return how many accepted."""
        self._member.check_thread(_RUN)
        message = parse_server_message(envelope.message)
        return deliver(self._member, Frame(message), self._recipients(envelope.recipients, message))

    def fence(self) -> None:
        """Close every connection with 1012, and end every open admission (CLU-3)."""
        self._member.check_thread(_RUN)
        self._member.fence().close()

    def _recipients(
        self, named: ToRecipients, message: JsonrpcMessageFromServerToClient
    ) -> Recipients[TIdentity]:
        match named:
            case ToAll():
                return EVERYONE
            case ToPolicy(policy=name, arguments=arguments):
                return Satisfying(self._policies.predicate(name, arguments, message))
            case ToKey(index=name, key=encoded):
                return Under(*self._keys.decode(name, encoded))
            case all_but:
                recipients = self._recipients(all_but.of, message)
                return AllBut(ConnectionId(all_but.connection), recipients)
