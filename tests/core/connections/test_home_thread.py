import pytest

from gatecast.connections._home_thread import Call, HomeThread
from gatecast.errors import WrongThreadError

BROADCAST = Call("broadcast")


def in_use() -> bool:
    return True


def idle() -> bool:
    return False


def test_the_thread_that_settled_passes_and_every_other_is_refused() -> None:
    thread, used = 1, False
    home = HomeThread(lambda: thread, lambda: used)
    home.settle(BROADCAST)
    used = True
    home.check(BROADCAST)
    thread = 2
    with pytest.raises(WrongThreadError) as raised:
        home.check(BROADCAST)
    assert raised.value.verb == "broadcast"
    assert "from_thread.run_sync(transport.broadcast" in str(raised.value)


def test_another_thread_may_settle_later() -> None:
    thread, used = 1, False
    home = HomeThread(lambda: thread, lambda: used)
    home.settle(BROADCAST)
    thread = 2
    home.settle(BROADCAST)
    used = True
    home.check(BROADCAST)


def test_nobody_passes_before_anyone_has_settled() -> None:
    with pytest.raises(WrongThreadError):
        HomeThread(lambda: 1, in_use).check(BROADCAST)


def test_another_thread_can_not_settle_while_it_is_in_use() -> None:
    with pytest.raises(WrongThreadError):
        HomeThread(lambda: 1, in_use).settle(BROADCAST)


def test_everyone_passes_while_nothing_is_in_use() -> None:
    HomeThread(lambda: 1, idle).check(BROADCAST)
