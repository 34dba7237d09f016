"""What the core meets in tests: handles, identities, and a world that stands still until told."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import TypeVar
from uuid import UUID

from typing_extensions import Unpack

from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import JsonrpcNotification, notification
from gatecast.ports.ending import Ending
from gatecast.ports.runtime import Runtime

TResult = TypeVar("TResult")
TIdentity = TypeVar("TIdentity")

ALICE = AccountId(UUID(int=0xA))
BOB = AccountId(UUID(int=0xB))
HELLO = notification("hello")


def session(token_hash: str, account_id: AccountId = ALICE) -> ConnectionIdentity:
    return ConnectionIdentity(account_id, token_hash=TokenHash(token_hash))


def api_token(api_token_id: str, account_id: AccountId = ALICE) -> ConnectionIdentity:
    return ConnectionIdentity(account_id, api_token_id=ApiTokenId(api_token_id))


def daemon(account_id: AccountId = ALICE) -> ConnectionIdentity:
    return ConnectionIdentity(account_id)


def is_alice(identity: ConnectionIdentity) -> bool:
    return identity.account_id == ALICE


def note(number: int) -> JsonrpcNotification:
    """One of a series of messages that can be told apart."""
    return notification("note", {"number": number})


def _nothing() -> None: ...


class FakeHandle:
    """Records what it is given.

    `error` and `close_error` make it fail; `on_send` and `on_close` are called once the frame or
    the close is recorded, and may call back into the transport.
    """

    def __init__(
        self,
        *,
        error: BaseException | None = None,
        close_error: BaseException | None = None,
        on_send: Callable[[], object] = _nothing,
        on_close: Callable[[], object] = _nothing,
    ) -> None:
        self.error = error
        self.close_error = close_error
        self.on_send = on_send
        self.on_close = on_close
        self.frames: list[Frame] = []
        self.endings: list[Ending] = []
        self.closes: list[tuple[int, str]] = []

    def send(self, frame: Frame) -> None:
        if self.error is not None:
            raise self.error
        self.frames.append(frame)
        self.on_send()

    def close(self, ending: Ending) -> None:
        self.endings.append(ending)
        self.closes.append((ending.code, ending.reason))
        self.on_close()
        if self.close_error is not None:
            raise self.close_error

    @property
    def received(self) -> list[object]:
        return [frame.message for frame in self.frames]

    @property
    def numbers(self) -> list[object]:
        """Which `note`s it was sent, in order."""
        return [(frame.message.model_dump()["params"])["number"] for frame in self.frames]


class FakeEvent:
    """An event for coroutines that are stepped by hand."""

    def __init__(self) -> None:
        self.happened = False

    def set(self) -> None:
        self.happened = True

    async def wait(self) -> None:
        while not self.happened:
            await _suspend()


class World:
    """A clock, a thread and an event loop that only a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall_clock_is_ahead = 0.0
        self.thread = 1
        self.timers: list[tuple[float, Callable[[], object]]] = []
        self.runtime = Runtime(
            clock=lambda: self.now,
            thread_id=lambda: self.thread,
            checkpoint=checkpoint,
            sleep=self._sleep,
            call_later=self._call_later,
            wall_clock=lambda: self.now + self.wall_clock_is_ahead,
            event=FakeEvent,
        )

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and fire each timer at its time."""
        until = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= until]:
            timer = min(due, key=lambda each: each[0])
            self.timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = until

    async def _sleep(self, seconds: float) -> None:
        await _suspend()
        self.pass_time(seconds)

    def _call_later(self, seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        timer = (self.now + seconds, callback)
        self.timers.append(timer)

        def cancel() -> None:
            if timer in self.timers:
                self.timers.remove(timer)

        return cancel

    def transport(
        self, **options: Unpack[TransportOptions[ConnectionIdentity]]
    ) -> ConnectionTransport[FakeHandle, ConnectionIdentity]:
        return ConnectionTransport("fake", runtime=self.runtime, **options)


class SharedWorld(World):
    """One in which nobody who sleeps moves the clock for the others."""

    async def _sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            await checkpoint()


async def checkpoint() -> None:
    await _suspend()


@coroutine
def _suspend() -> Generator[None, None, None]:
    yield


def step(running: Coroutine[object, None, object]) -> bool:
    """Run up to the next checkpoint; False if there is none and `running` is finished."""
    try:
        running.send(None)
    except StopIteration:
        return False
    return True


def run(running: Coroutine[object, None, TResult]) -> TResult:
    """Run to the end, on an event loop that has nothing else to do."""
    while True:
        try:
            running.send(None)
        except StopIteration as stop:
            result: TResult = stop.value
            return result
