import pytest

from gatecast.connections._home_thread import HomeThread
from gatecast.errors import WrongThreadError


def test_the_thread_that_settled_passes_and_every_other_is_refused() -> None:
    thread = 1
    home = HomeThread(lambda: thread)
    home.settle()
    home.check("broadcast")
    thread = 2
    with pytest.raises(WrongThreadError) as raised:
        home.check("broadcast")
    assert raised.value.verb == "broadcast"
    assert "from_thread.run_sync(transport.broadcast" in str(raised.value)


def test_another_thread_may_settle_later() -> None:
    thread = 1
    home = HomeThread(lambda: thread)
    home.settle()
    thread = 2
    home.settle()
    home.check("broadcast")


def test_nobody_passes_before_anyone_has_settled() -> None:
    with pytest.raises(WrongThreadError):
        HomeThread(lambda: 1).check("broadcast")
