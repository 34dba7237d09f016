"""`exclude` over the cluster: the connection is left out on whichever node it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

import pytest

from gatecast.cluster._envelopes import Broadcast, ToAll, ToAllBut, decode
from gatecast.cluster.policies import Policies
from gatecast.identity.ids import ConnectionId
from gatecast.identity.index import ACCOUNT
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from tests.core.cluster.fake_cluster import FakeCluster, FakeNode
from tests.core.fakes import ALICE, HELLO, FakeHandle, daemon, run

Send = Callable[[FakeNode, ConnectionId], Coroutine[object, None, object]]

POLICIES: Policies[ConnectionIdentity] = Policies()


@POLICIES.register("everyone")
def everyone(identity: ConnectionIdentity, message: JsonrpcMessageFromServerToClient) -> bool:
    return True


SENDS: dict[str, Send] = {
    "broadcast": lambda node, who: node.cluster.broadcast(HELLO, exclude=who),
    "broadcast_filtered": lambda node, who: node.cluster.broadcast_filtered(
        HELLO, everyone(), exclude=who
    ),
    "send_by": lambda node, who: node.cluster.send_by(ACCOUNT, ALICE, HELLO, exclude=who),
    "send_to_account": lambda node, who: node.cluster.send_to_account(ALICE, HELLO, exclude=who),
}


@pytest.mark.parametrize("on", ["the node that sends", "the other"])
@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_the_excluded_connection_alone_gets_nothing_wherever_it_is(send: Send, on: str) -> None:
    nodes = FakeCluster()
    pair = [nodes.joined(policies=POLICIES) for _ in range(2)]
    handles = [FakeHandle() for _ in range(4)]
    ids = [
        pair[number % 2].transport.add_connection(handle, daemon())
        for number, handle in enumerate(handles)
    ]
    excluded = 2 if on == "the node that sends" else 3
    run(send(pair[0], ids[excluded]))
    nodes.settle()
    reached = [number for number, handle in enumerate(handles) if handle.frames]
    assert reached == [number for number in range(4) if number != excluded]


def test_what_is_excluded_travels_with_the_recipients() -> None:
    nodes = FakeCluster()
    node = nodes.joined()
    who = node.transport.add_connection(FakeHandle(), daemon())
    run(node.cluster.broadcast(HELLO, exclude=who))
    (broadcast,) = [each for entry in nodes.log.entries if (each := sent(entry)) is not None]
    assert broadcast.recipients == ToAllBut(connection=who, of=ToAll())


def sent(entry: bytes) -> Broadcast | None:
    envelope = decode(entry)
    return envelope if isinstance(envelope, Broadcast) else None
