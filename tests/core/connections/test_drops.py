import logging
from uuid import UUID

import pytest

from gatecast.connections._announcer import Announcer
from gatecast.connections._departing import Departing, Interruption, close_handle
from gatecast.connections._drops import (
    Drops,
    log_drop,
)
from gatecast.connections.connection import Connection
from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.identity.ids import ConnectionId
from gatecast.ports.ending import Ending, ending_of_failure
from gatecast.ports.observer import DroppedConnection
from tests.core.fakes import FakeHandle

NOBODY: Announcer[str] = Announcer("fake", None)

GONE = HandleClosedError()
SLOW = SlowConsumerError(waiting_messages=3, waiting_bytes=99)
BROKEN = ValueError("broken")


def drop(error: Exception, number: int = 0) -> DroppedConnection[str]:
    return DroppedConnection(
        "fake", ConnectionId(UUID(int=number)), "somebody", error, ending_of_failure(error)
    )


def departing(handle: FakeHandle, dropped: DroppedConnection[str]) -> Departing[FakeHandle, str]:
    connection = Connection(dropped.connection_id, handle, dropped.identity)
    return Departing([connection], dropped.ending, NOBODY, now=0.0)


def settle(
    drops: Drops[FakeHandle, str], handle: FakeHandle, dropped: DroppedConnection[str]
) -> None:
    drops.settle(departing(handle, dropped), dropped)


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
    settle(Drops(nothing, NOBODY), handle, drop(error))
    assert handle.closes == closes


def test_a_drop_is_reported_once_and_after_the_close() -> None:
    reports: list[tuple[DroppedConnection[str], int]] = []
    handle = FakeHandle()
    drops = Drops[FakeHandle, str](
        lambda dropped: reports.append((dropped, len(handle.closes))), NOBODY
    )
    dropped = drop(SLOW)
    settle(drops, handle, dropped)
    assert reports == [(dropped, 1)]


def test_a_report_that_fails_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fail(dropped: DroppedConnection[str]) -> None:
        raise BROKEN

    drops: Drops[FakeHandle, str] = Drops(fail, NOBODY)
    settle(drops, FakeHandle(), drop(GONE))
    settle(drops, FakeHandle(), drop(GONE))
    assert [record.getMessage() for record in caplog.records] == [
        f"on_drop failed for {UUID(int=0)}"
    ] * 2


def test_drops_within_a_report_wait_for_their_turn() -> None:
    events: list[tuple[str, int]] = []

    def report(dropped: DroppedConnection[str]) -> None:
        number = dropped.connection_id.int
        events.append(("begin", number))
        if number < 3:
            settle(drops, FakeHandle(), drop(GONE, number + 1))
        events.append(("end", number))

    drops: Drops[FakeHandle, str] = Drops(report, NOBODY)
    settle(drops, FakeHandle(), drop(GONE, 1))
    assert events == [(event, number) for number in (1, 2, 3) for event in ("begin", "end")]


def test_an_interrupted_report_comes_through_when_all_others_are_made() -> None:
    reported: list[int] = []

    def report(dropped: DroppedConnection[str]) -> None:
        reported.append(dropped.connection_id.int)
        if reported == [1]:
            settle(drops, FakeHandle(), drop(GONE, 2))
            raise KeyboardInterrupt

    drops: Drops[FakeHandle, str] = Drops(report, NOBODY)
    with pytest.raises(KeyboardInterrupt):
        settle(drops, FakeHandle(), drop(GONE, 1))
    assert reported == [1, 2]
    settle(drops, FakeHandle(), drop(GONE, 3))
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
    interruption = Interruption()
    close_handle(handle, Ending.by_app(1000), interruption)
    interruption.throw()
    assert handle.closes == [(1000, "")]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
