"""Applying: what an envelope of another node does to the connections of this one. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from gatecast.cluster._envelopes import (
    Broadcast,
    EventRevocation,
    KeyRevocation,
    ToAll,
    ToPolicy,
)
from gatecast.cluster._keys import PortableKeys
from gatecast.cluster.policies import Policies
from gatecast.connections.group import TransportGroup
from gatecast.connections.guard import AuditEvent
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc_parsing import parse_server_message

__all__ = ["Applier"]

TIdentity = TypeVar("TIdentity")


class Applier(Generic[TIdentity]):
    """Revokes on the transports of this node, and broadcasts over them.

    Both raise for what this node does not know: an index, a policy, a message of another kind. What
    that means is for the node to decide, since it differs.
    """

    def __init__(
        self,
        members: TransportGroup[TIdentity],
        keys: PortableKeys[TIdentity],
        policies: Policies[TIdentity],
        guard: Callable[[AuditEvent], int],
    ) -> None:
        self._members = members
        self._keys = keys
        self._policies = policies
        self._guard = guard

    def revoke(self, envelope: KeyRevocation | EventRevocation) -> int:
        """Close what `envelope` revokes; return how many connections."""
        if isinstance(envelope, EventRevocation):
            return self._guard(envelope.event)
        index, key = self._keys.decode(envelope.index, envelope.key)
        return self._members.revoke(index, key, code=envelope.code, reason=envelope.reason)

    def broadcast(self, envelope: Broadcast) -> int:
        """Send to the recipients that `envelope` names; return how many accepted."""
        message = parse_server_message(envelope.message)
        match envelope.recipients:
            case ToAll():
                return self._members.broadcast(message)
            case ToPolicy(policy=name, arguments=arguments):
                rule = self._policies.predicate(name, arguments, message)
                return self._members.broadcast_filtered(message, rule)
            case recipients:
                index, key = self._keys.decode(recipients.index, recipients.key)
                frame = Frame(message)
                self._members.prepare_frame(frame)
                begin = self._members.choose_recipients_by(index, key)
                return begin(frame)()
