import logging
from uuid import UUID

import pytest

from gatecast.connections.drops import DroppedConnection, Drops, close_handle, log_drop
from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import ConnectionId
from tests.core.fakes import FakeHandle

GONE = HandleClosedError()
SLOW = SlowConsumerError(waiting_messages=3, waiting_bytes=99)
BROKEN = ValueError("broken")


def drop(error: Exception, number: int = 0) -> DroppedConnection[str]:
    return DroppedConnection(ConnectionId(UUID(int=number)), "somebody", error)


def nothing(dropped: DroppedConnection[str]) -> None: ...


@pytest.mark.parametrize(
    ("error", "closes"),
    [(GONE, []), (SLOW, [(1013, "Slow consumer")]), (BROKEN, [(1011, "Internal error")])],
    ids=["gone", "slow", "broken"],
)
def test_a_dropped_handle_is_closed_with_the_code_that_fits(
    error: Exception, closes: list[tuple[int, str]]
) -> None:
    handle = FakeHandle()
    Drops(nothing).settle(handle, drop(error))
    assert handle.closes == closes


def test_a_drop_is_reported_once_and_after_the_close() -> None:
    reports: list[tuple[DroppedConnection[str], int]] = []
    handle = FakeHandle()
    drops = Drops[str](lambda dropped: reports.append((dropped, len(handle.closes))))
    dropped = drop(SLOW)
    drops.settle(handle, dropped)
    assert reports == [(dropped, 1)]


def test_a_report_that_fails_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fail(dropped: DroppedConnection[str]) -> None:
        raise BROKEN

    drops = Drops(fail)
    drops.settle(FakeHandle(), drop(GONE))
    drops.settle(FakeHandle(), drop(GONE))
    assert [record.getMessage() for record in caplog.records] == [
        f"on_drop failed for {UUID(int=0)}"
    ] * 2


def test_drops_within_a_report_wait_for_their_turn() -> None:
    events: list[tuple[str, int]] = []

    def report(dropped: DroppedConnection[str]) -> None:
        number = dropped.connection_id.int
        events.append(("begin", number))
        if number < 3:
            drops.settle(FakeHandle(), drop(GONE, number + 1))
        events.append(("end", number))

    drops = Drops(report)
    drops.settle(FakeHandle(), drop(GONE, 1))
    assert events == [(event, number) for number in (1, 2, 3) for event in ("begin", "end")]


def test_an_interrupted_report_leaves_the_others_to_the_next_drop() -> None:
    reported: list[int] = []

    def report(dropped: DroppedConnection[str]) -> None:
        reported.append(dropped.connection_id.int)
        if reported == [1]:
            drops.settle(FakeHandle(), drop(GONE, 2))
            raise KeyboardInterrupt

    drops = Drops(report)
    with pytest.raises(KeyboardInterrupt):
        drops.settle(FakeHandle(), drop(GONE, 1))
    drops.settle(FakeHandle(), drop(GONE, 3))
    assert reported == [1, 2, 3]


@pytest.mark.parametrize(
    ("error", "level"),
    [(GONE, logging.DEBUG), (SLOW, logging.WARNING), (BROKEN, logging.ERROR)],
    ids=["gone", "slow", "broken"],
)
def test_the_default_report_is_as_loud_as_the_fault_deserves(
    error: Exception, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="gatecast")
    log_drop(drop(error))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("gatecast", level)
    assert str(error) in caplog.text


def test_a_close_that_fails_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    handle = FakeHandle(close_error=BROKEN)
    close_handle(handle, 1000, "")
    assert handle.closes == [(1000, "")]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
