"""A cluster: broadcasts and revocations over all processes of an app. No I/O of its own.

It is a layer above the transports of one process. Its verbs take a round trip to the relay, so they
are awaited; those of the transports stay what they are, and act on this process only.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Never, TypeVar

from gatecast.cluster._cluster_revocation import ClusterRevocation
from gatecast.cluster._envelopes import Broadcast, Recipients, ToAll, ToKey, ToPolicy, encode
from gatecast.cluster.policies import PolicyCall
from gatecast.identity.ids import AccountId
from gatecast.identity.index import ACCOUNT, Index
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient

__all__ = ["Cluster"]

TIdentity = TypeVar("TIdentity")
TKey = TypeVar("TKey", bound=Hashable)


class Cluster(ClusterRevocation[TIdentity]):
    """Everything that an app may do to the connections of all its processes.

    A broadcast is delivered when it comes back through the log, on this node as on all others, so
    that every node delivers all of them in one order (CLU-5). The verbs that send raise
    `RelayUnavailableError` if the relay did not confirm in time; then the message may yet reach
    everyone, or nobody. One that can't be serialised raises `MessageNotSerializableError`.
    """

    async def broadcast(self, message: JsonrpcMessageFromServerToClient) -> None:
        """Send to every connection of every node (CLU-5)."""
        await self._broadcast(message, ToAll())

    async def broadcast_filtered(
        self, message: JsonrpcMessageFromServerToClient, rule: PolicyCall[TIdentity]
    ) -> None:
        """Send to the connections, on every node, that a policy lets see it.

        `rule` is what a call of a registered policy returns. Raises `UnnamedPolicyError` for a bare
        function, which other nodes can't know, and `UnknownPolicyError` for a policy that was not
        registered; then nothing was sent.
        """
        self._policies.require(rule)
        recipients = ToPolicy.model_validate({"policy": rule.name, "arguments": rule.arguments})
        await self._broadcast(message, recipients)

    async def send_by(
        self, index: Index[Never, TKey], key: TKey, message: JsonrpcMessageFromServerToClient
    ) -> None:
        """Send to every connection under `key`, on every node.

        Raises `UnknownIndexError` or `InvalidKeyError`, and then has sent nothing.
        """
        await self._broadcast(message, ToKey(index=index.name, key=self._keys.encode(index, key)))

    async def send_to_account(
        self, account_id: AccountId, message: JsonrpcMessageFromServerToClient
    ) -> None:
        """Send to every connection of an account, on every node."""
        await self.send_by(ACCOUNT, account_id, message)

    async def _broadcast(
        self, message: JsonrpcMessageFromServerToClient, recipients: Recipients
    ) -> None:
        frame = Frame(message)
        self._members.prepare_frame(frame)
        node = self._node
        await self._relay.publish(
            encode(
                Broadcast(
                    node=node.id, seq=node.next_seq(), message=frame.text, recipients=recipients
                )
            )
        )
