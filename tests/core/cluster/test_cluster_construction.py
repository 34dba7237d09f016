"""What a cluster is built of: transports that no other has, a runtime, and who is notified."""

from __future__ import annotations

import pytest

from gatecast.cluster.cluster import Cluster
from gatecast.connections.group import TransportGroup
from gatecast.errors import (
    DuplicateMemberError,
    FencedError,
    MissingRuntimeError,
    TransportInUseError,
)
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import ClusterReport, Observation
from gatecast.ports.runtime import Runtime
from tests.core.cluster.fake_cluster import FakeLog, FakeRelay
from tests.core.fakes import HELLO, FakeHandle, World, daemon, run, step


class RelayWithRuntime(FakeRelay):
    @property
    def runtime(self) -> Runtime:
        return self._world.runtime


def test_a_transport_that_another_cluster_has_is_refused_at_construction() -> None:
    world = World()
    shared, free = world.transport(), world.transport()
    Cluster(FakeRelay(FakeLog(), world), shared)
    for transports in ([shared], [free, shared], [TransportGroup("all", free, shared)]):
        with pytest.raises(TransportInUseError) as raised:
            Cluster(FakeRelay(FakeLog(), world), *transports)
        assert raised.value.transport_name == "fake"


def test_a_transport_that_was_refused_together_with_another_is_still_free() -> None:
    world = World()
    shared, free = world.transport(), world.transport()
    Cluster(FakeRelay(FakeLog(), world), shared)
    with pytest.raises(TransportInUseError):
        Cluster(FakeRelay(FakeLog(), world), free, shared)
    free.add_connection(FakeHandle(), daemon())
    assert free.broadcast(HELLO) == 1


def test_the_same_transport_twice_is_refused_and_stays_free() -> None:
    world = World()
    transport = world.transport()
    with pytest.raises(DuplicateMemberError):
        Cluster(FakeRelay(FakeLog(), world), transport, TransportGroup("one", transport))
    transport.add_connection(FakeHandle(), daemon())


def test_the_runtime_is_that_of_the_transports() -> None:
    world = World()
    transport = world.transport()
    cluster = Cluster(FakeRelay(FakeLog(), world), transport)
    with pytest.raises(FencedError):
        transport.add_connection(FakeHandle(), daemon())
    following = cluster.run()
    for _ in range(20):
        step(following)
    assert cluster.health().is_healthy
    following.close()


def test_without_transports_the_runtime_is_that_of_the_relay() -> None:
    world = World()
    cluster = Cluster[ConnectionIdentity](RelayWithRuntime(FakeLog(), world))
    run(cluster.broadcast(HELLO))


def test_without_transports_and_without_a_runtime_it_says_what_to_pass() -> None:
    world = World()
    with pytest.raises(MissingRuntimeError, match="runtime="):
        Cluster[ConnectionIdentity](FakeRelay(FakeLog(), world))
    Cluster[ConnectionIdentity](FakeRelay(FakeLog(), world), runtime=world.runtime)


def test_an_observer_and_on_report_are_both_notified_whatever_one_of_them_raises() -> None:
    observed: list[Observation[ConnectionIdentity]] = []
    reported: list[ClusterReport] = []

    def report(each: ClusterReport) -> None:
        reported.append(each)
        raise OSError("the pager is away")

    world = World()
    cluster = Cluster(
        FakeRelay(FakeLog(), world),
        world.transport(),
        observer=observed.append,
        on_report=report,
    )
    following = cluster.run()
    for _ in range(20):
        step(following)
    following.close()
    assert observed == reported
    assert [each.kind for each in reported] == ["following", "left"]
