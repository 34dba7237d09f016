"""Await points: run an app, and interfere at one of the places where it waits."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Literal, cast

from anyio.lowlevel import checkpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["AwaitPoints", "Moment", "as_it_is", "waiting_everywhere"]

Moment = Literal["suspending", "waking"]


class AwaitPoints:
    """The times that an app suspends, or wakes from that, one after another.

    For each of them the app is run once more, and something is called there::

        while points.next():
            points.at_this_one(interfere)
            ...  # run points.within(app)
    """

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._point = -1
        self._passed = 0
        self._call: Callable[[], object] | None = None

    def next(self) -> bool:
        """Go to the next point; False if the last run did not come to this one."""
        if self._point >= 0 and self._call is not None:
            return False
        self._point += 1
        self._passed = 0
        return True

    def at_this_one(self, call: Callable[[], object]) -> None:
        """Have `call` called once, at this point."""
        self._call = call

    def within(self, app: ASGIApp) -> ASGIApp:
        """The same app, with its points counted."""

        async def counted_app(scope: Scope, receive: Receive, send: Send) -> None:
            # What an ASGI app returns is a coroutine wherever the app is an `async def`.
            await self._run(cast(Coroutine[object, None, None], app(scope, receive, send)))

        return counted_app

    @coroutine
    def _run(self, served: Coroutine[object, None, None]) -> Generator[object, None, None]:
        resume = partial(served.send, None)
        while True:
            try:
                waits_for = resume()
            except StopIteration:
                return
            self._pass("suspending")
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001  # It is passed on.
                resume = partial(served.throw, error)
            else:
                resume = partial(served.send, None)
            self._pass("waking")

    def _pass(self, moment: Moment) -> None:
        if moment != self._moment:
            return
        if self._passed == self._point and self._call is not None:
            call, self._call = self._call, None
            call()
        self._passed += 1


def as_it_is(app: ASGIApp) -> ASGIApp:
    """The same app."""
    return app


def waiting_everywhere(app: ASGIApp) -> ASGIApp:
    """The same app on a server that always suspends, before and after what it is asked to do."""

    async def waiting_app(scope: Scope, receive: Receive, send: Send) -> None:
        async def waiting_receive() -> Message:
            await checkpoint()
            message = await receive()
            await checkpoint()
            return message

        async def waiting_send(message: Message) -> None:
            await checkpoint()
            await send(message)
            await checkpoint()

        await app(scope, waiting_receive, waiting_send)

    return waiting_app
