"""A node over several transports, or over groups of them, is one node."""

from dataclasses import dataclass, field

import pytest

from gatecast.cluster.cluster import Cluster
from gatecast.connections.group import TransportGroup
from gatecast.connections.member import HasMember
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import FencedError
from gatecast.identity.types import ConnectionIdentity
from tests.core.cluster.fake_cluster import FENCED, REVOKED, FakeLog, FakeRelay
from tests.core.fakes import ALICE, BOB, FakeHandle, World, daemon, note, run, session, step

FakeTransport = ConnectionTransport[FakeHandle, ConnectionIdentity]


@dataclass
class Two:
    """A node that has joined with a transport of sockets and one of streams."""

    grouped: bool = False
    world: World = field(default_factory=World)
    log: FakeLog = field(default_factory=FakeLog)

    def __post_init__(self) -> None:
        self.sockets = self.world.transport()
        self.streams = self.world.transport()
        members: tuple[HasMember[ConnectionIdentity], ...] = (self.sockets, self.streams)
        if self.grouped:
            members = (TransportGroup("outer", TransportGroup("inner", *members)),)
        self.cluster = Cluster(
            FakeRelay(self.log, self.world), *members, runtime=self.world.runtime
        )
        self.running = self.cluster.run()

    def settle(self) -> None:
        for _ in range(10):
            step(self.running)

    def connect(self, transport: FakeTransport, handle: FakeHandle | None = None) -> FakeHandle:
        handle = handle or FakeHandle()
        transport.add_connection(handle, session("s"))
        return handle


grouped = pytest.mark.parametrize("grouped", [False, True], ids=["side by side", "in groups"])


@grouped
def test_no_transport_admits_anybody_before_the_node_has_caught_up(*, grouped: bool) -> None:
    node = Two(grouped)
    for transport in (node.sockets, node.streams):
        with pytest.raises(FencedError):
            node.connect(transport)
    node.settle()
    for transport in (node.sockets, node.streams):
        node.connect(transport)


@grouped
def test_a_message_and_a_revocation_reach_all_transports(*, grouped: bool) -> None:
    node = Two(grouped)
    node.settle()
    handles = [node.connect(node.sockets), node.connect(node.streams)]
    run(node.cluster.broadcast(note(1)))
    run(node.cluster.send_to_account(ALICE, note(2)))
    run(node.cluster.send_to_account(BOB, note(3)))
    node.settle()
    assert run(node.cluster.close_sockets_for_account(ALICE)) == 2
    assert [handle.numbers for handle in handles] == [[1, 2], [1, 2]]
    assert [handle.closes for handle in handles] == [[REVOKED], [REVOKED]]


@grouped
def test_when_the_lease_ends_all_transports_are_closed(*, grouped: bool) -> None:
    node = Two(grouped)
    node.settle()
    handles = [node.connect(node.sockets), node.connect(node.streams)]
    node.world.pass_time(10)
    assert [handle.closes for handle in handles] == [[FENCED], [FENCED]]


@pytest.mark.parametrize("first", ["sockets", "streams"])
def test_whichever_transport_notices_that_the_lease_has_ended_all_are_closed(first: str) -> None:
    node = Two()
    node.settle()
    handles = [node.connect(node.sockets), node.connect(node.streams)]
    node.world.now += 10
    noticing = node.sockets if first == "sockets" else node.streams
    assert noticing.broadcast(note(1)) == 0
    assert [handle.closes for handle in handles] == [[FENCED], [FENCED]]


def test_a_close_of_the_first_transport_that_broadcasts_on_the_second_reaches_nobody() -> None:
    node = Two()
    node.settle()
    node.connect(node.sockets, FakeHandle(on_close=lambda: node.streams.broadcast(note(1))))
    second = node.connect(node.streams)
    node.world.pass_time(10)
    assert (second.numbers, second.closes) == ([], [FENCED])


def test_a_close_of_the_first_transport_cannot_admit_anybody_to_the_second() -> None:
    node = Two()
    node.settle()
    refused: list[BaseException] = []

    def admit() -> None:
        with pytest.raises(FencedError) as caught:
            node.streams.add_connection(FakeHandle(), daemon(BOB))
        refused.append(caught.value)

    node.connect(node.sockets, FakeHandle(on_close=admit))
    node.world.pass_time(10)
    assert len(refused) == 1
    assert node.streams.get_connection_count() == 0


def test_a_lease_that_ends_between_two_transports_leaves_no_recipient_in_either() -> None:
    node = Two()
    node.settle()
    handles = [node.connect(node.sockets), node.connect(node.streams)]
    broadcasting = TransportGroup("both", node.sockets, node.streams)

    def late(identity: ConnectionIdentity) -> bool:
        node.world.now += 10
        return True

    assert broadcasting.broadcast_filtered(note(1), late) == 0
    assert [handle.numbers for handle in handles] == [[], []]
    assert [handle.closes for handle in handles] == [[FENCED], [FENCED]]
