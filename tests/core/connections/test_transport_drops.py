import pytest

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.ending import Ending
from gatecast.ports.observer import DroppedConnection
from tests.core.fakes import ALICE, BOB, HELLO, FakeHandle, World, daemon, note, session

Drop = DroppedConnection[ConnectionIdentity]

GONE = HandleClosedError()
SLOW = SlowConsumerError(waiting_messages=3, waiting_bytes=99)
BROKEN = ValueError("broken")

CLOSES: dict[Ending, list[tuple[int, str]]] = {
    Ending.GONE: [],
    Ending.SLOW: [(1013, "Slow consumer")],
    Ending.FAILED: [(1011, "Internal error")],
}

FAILURES = pytest.mark.parametrize(
    ("error", "ending"),
    [(GONE, Ending.GONE), (SLOW, Ending.SLOW), (BROKEN, Ending.FAILED)],
    ids=["gone", "slow", "broken"],
)


@FAILURES
def test_a_handle_that_fails_is_dropped_closed_and_reported(
    error: Exception, ending: Ending
) -> None:
    reports: list[Drop] = []
    transport = World().transport(on_drop=reports.append)
    good, bad = FakeHandle(), FakeHandle(error=error)
    connection_id = transport.add_connection(bad, session("s"))
    transport.add_connection(good, daemon(BOB))
    assert transport.broadcast(HELLO) == 1
    assert (good.received, bad.closes) == ([HELLO], CLOSES[ending])
    assert transport.get_connection_count() == 1
    assert reports == [DroppedConnection("fake", connection_id, session("s"), error, ending)]
    assert transport.close_sockets_for_session(TokenHash("s")) == 0
    assert transport.broadcast(HELLO) == 1
    assert len(reports) == 1


@FAILURES
def test_an_adapter_drops_what_it_could_not_deliver(error: Exception, ending: Ending) -> None:
    reports: list[Drop] = []
    transport = World().transport(on_drop=reports.append)
    handle = FakeHandle()
    transport.add_connection(handle, daemon())
    for _ in range(2):
        transport.adapter.failed(handle, error)
    assert handle.closes == CLOSES[ending]
    assert [report.error for report in reports] == [error]
    assert not transport.is_ready()


def test_without_a_report_of_its_own_a_drop_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    transport = World().transport()
    transport.add_connection(FakeHandle(error=SLOW), daemon())
    transport.broadcast(HELLO)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("gatecast", "WARNING")


def test_a_handle_that_removes_itself_and_fails_is_not_reported() -> None:
    reports: list[Drop] = []
    transport = World().transport(on_drop=reports.append)
    handle = FakeHandle()

    def leave() -> None:
        transport.remove_connection(handle)
        raise GONE

    handle.on_send = leave
    transport.add_connection(handle, daemon())
    assert transport.broadcast(HELLO) == 0
    assert reports == []


def test_a_thousand_peers_that_vanish_at_once_are_each_announced_to_the_rest() -> None:
    def announce(dropped: Drop) -> None:
        transport.broadcast(note(dropped.connection_id.int))

    transport = World().transport(on_drop=announce)
    rest = [FakeHandle() for _ in range(10)]
    gone = [FakeHandle(error=GONE) for _ in range(1000)]
    for handle in (*rest[:5], *gone[:500], *rest[5:], *gone[500:]):
        transport.add_connection(handle, daemon())
    vanished = [each.id.int for each in transport.get_connections() if each.handle.error]
    assert transport.broadcast(note(0)) == 10
    assert transport.get_connection_count() == 10
    assert [handle.numbers for handle in rest] == [[0, *vanished]] * 10


def test_a_report_may_revoke_the_rest_of_the_broadcast() -> None:
    def revoke(dropped: Drop) -> None:
        transport.close_sockets_for_account(dropped.identity.account_id)

    transport = World().transport(on_drop=revoke)
    handles = [FakeHandle(), FakeHandle(error=GONE), FakeHandle()]
    for handle in handles:
        transport.add_connection(handle, daemon(ALICE))
    assert transport.broadcast(HELLO) == 1
    assert [handle.received for handle in handles] == [[HELLO], [], []]
    assert [len(handle.closes) for handle in handles] == [1, 0, 1]
