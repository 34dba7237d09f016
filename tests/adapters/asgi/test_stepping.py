"""A `send` run by hand: finished where it is started, or carried on by a task."""

from __future__ import annotations

import asyncio

import pytest

from gatecast_adapters._asgi.stepping import Suspended, start

pytestmark = pytest.mark.anyio


class Server:
    """Sends when it is writable, as uvicorn does."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.sent: list[str] = []
        self.seen: list[str] = []

    async def send(self, text: str) -> None:
        try:
            await self.writable.wait()
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise
        except GeneratorExit:
            self.seen.append("discarded")
            raise
        self.sent.append(text)

    def start(self, text: str) -> Suspended:
        suspended = start(self.send(text))
        assert suspended is not None
        return suspended


def always() -> bool:
    return True


async def test_what_does_not_suspend_is_finished_at_once() -> None:
    server = Server()
    server.writable.set()
    assert start(server.send("a")) is None
    assert server.sent == ["a"]


async def test_what_it_raises_is_raised_at_once() -> None:
    async def send() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        start(send())


async def test_a_cancellation_of_the_connection_does_not_cancel_the_caller() -> None:
    async def send() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ConnectionError):
        start(send())


async def test_what_suspends_is_carried_on_by_the_task_that_finishes_it() -> None:
    server = Server()
    finishing = asyncio.ensure_future(server.start("a").finish(always))
    await asyncio.sleep(0)
    assert server.sent == []
    server.writable.set()
    await finishing
    assert server.sent == ["a"]


async def test_what_has_become_writable_before_the_task_runs_is_finished_all_the_same() -> None:
    server = Server()
    suspended = server.start("a")
    server.writable.set()
    await suspended.finish(always)
    assert server.sent == ["a"]


async def test_it_may_suspend_more_than_once() -> None:
    async def send() -> None:
        for _ in range(3):
            await server.send("a")
            server.writable.clear()

    server = Server()
    suspended = start(send())
    assert suspended is not None
    finishing = asyncio.ensure_future(suspended.finish(always))
    for count in range(1, 4):
        await asyncio.sleep(0)
        server.writable.set()
        while len(server.sent) < count:  # noqa: ASYNC110  # It takes a few turns, and no event.
            await asyncio.sleep(0)
    await finishing


async def test_what_is_no_longer_wanted_when_it_wakes_is_not_sent() -> None:
    server, wanted = Server(), [True]
    finishing = asyncio.ensure_future(server.start("a").finish(lambda: wanted[0]))
    await asyncio.sleep(0)
    server.writable.set()
    wanted[0] = False
    await finishing
    assert (server.sent, server.seen) == ([], ["discarded"])


async def test_what_is_no_longer_wanted_before_the_task_runs_is_not_sent() -> None:
    server = Server()
    suspended = server.start("a")
    server.writable.set()
    await suspended.finish(lambda: False)
    assert (server.sent, server.seen) == ([], ["discarded"])


async def test_the_cancellation_of_the_task_reaches_the_server() -> None:
    server = Server()
    finishing = asyncio.ensure_future(server.start("a").finish(always))
    await asyncio.sleep(0)
    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    assert (server.sent, server.seen) == ([], ["cancelled"])


async def test_a_server_that_takes_no_cancellation_is_waited_for() -> None:
    async def send() -> None:
        try:
            await server.send("a")
        except asyncio.CancelledError:
            await server.send("b")

    server = Server()
    suspended = start(send())
    assert suspended is not None
    finishing = asyncio.ensure_future(suspended.finish(always))
    await asyncio.sleep(0)
    finishing.cancel()
    await asyncio.sleep(0)
    server.writable.set()
    await finishing
    assert server.sent == ["b"]


async def test_what_is_raised_after_waking_is_raised_in_the_task() -> None:
    async def send() -> None:
        await server.send("a")
        raise LookupError

    server = Server()
    suspended = start(send())
    assert suspended is not None
    server.writable.set()
    with pytest.raises(LookupError):
        await suspended.finish(always)


async def test_a_discarded_message_is_not_sent() -> None:
    server = Server()
    server.start("a").discard()
    server.writable.set()
    await asyncio.sleep(0)
    assert (server.sent, server.seen) == ([], ["discarded"])
