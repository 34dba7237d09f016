"""What both native adapters write to a socket, and when: one write at once, one per turn."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref

import pytest
from anyio.lowlevel import checkpoint
from typing_extensions import override
from websockets.frames import Frame as WebsocketFrame
from websockets.frames import Opcode

from gatecast.errors import HandleClosedError, SlowConsumerError
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import notification
from gatecast.ports.ending import Ending
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters._life import HandleSettings
from gatecast_adapters._native.handle import NativeHandle
from gatecast_adapters._native.turns import CurrentTurns
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames, text_frame, text_frames
from tests.support.people import note

pytestmark = pytest.mark.anyio


class RecordingTransport(asyncio.WriteTransport):
    """Writes to a list, or raises."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.error: Exception | None = None

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.error is not None:
            raise self.error
        self.writes.append(bytes(data))


class RecordingHandle(NativeHandle):
    """Writes to a list; the server takes what it is told to take."""

    def __init__(
        self,
        limits: OutboxLimits | None = None,
        turns: Turns[TextFrames] | None = None,
        shared_below: int = sys.maxsize,
    ) -> None:
        self.socket = RecordingTransport()
        self.failures: list[Exception] = []
        self.told: list[tuple[int, str]] = []
        self.keeps_up = True
        settings = HandleSettings(
            limits or OutboxLimits(), 5.0, lambda _, error: self.failures.append(error)
        )
        super().__init__(self.socket, settings, turns or Turns(text_frames), shared_below)

    @override
    def _keeps_up(self) -> bool:
        return self.keeps_up

    @override
    def _encode_alone(self, frame: Frame) -> bytes:
        return b"<" + frame.data + b">"

    @override
    def _notify(self, code: int, reason: str) -> None:
        self.told.append((code, reason))


def frames(*numbers: int, padding: int = 0) -> list[Frame]:
    return [Frame(note(number, padding)) for number in numbers]


def send(handle: NativeHandle, *numbers: int, padding: int = 0) -> bytes:
    """Send, and return what goes over the wire for it."""
    sent = frames(*numbers, padding=padding)
    for frame in sent:
        handle.send(frame)
    return b"".join(map(text_frame, sent))


@pytest.mark.parametrize("size", [40, 125, 126, 65535, 65536, 70_000])
async def test_a_frame_is_what_rfc_6455_says(size: int) -> None:
    overhead = len(Frame(notification("")))
    frame = Frame(notification("x" * (size - overhead)))
    assert len(frame) == size
    assert text_frame(frame) == WebsocketFrame(Opcode.TEXT, frame.data).serialize(mask=False)


async def test_the_first_of_a_turn_goes_out_at_once_and_the_others_as_one_write() -> None:
    handle = RecordingHandle()
    first = send(handle, 1)
    assert handle.socket.writes == [first]
    others = send(handle, *range(2, 21))
    assert (handle.socket.writes, handle.pending) == ([first], 19)
    await checkpoint()
    assert (handle.socket.writes, handle.pending) == ([first, others], 0)


async def test_all_that_hold_back_the_same_write_the_same_bytes() -> None:
    turns: Turns[TextFrames] = Turns(text_frames)
    handles = [RecordingHandle(turns=turns) for _ in range(3)]
    sent = frames(1, 2, 3)
    for frame in sent:
        for handle in handles:
            handle.send(frame)
    other = Frame(note(4))
    handles[2].send(other)
    await checkpoint()
    second, third = (text_frame(frame) for frame in sent[1:])
    assert [handle.socket.writes[1] for handle in handles] == [
        second + third,
        second + third,
        second + third + text_frame(other),
    ]
    assert handles[0].socket.writes[1] is handles[1].socket.writes[1]


async def test_a_large_message_is_encoded_for_each_connection_that_wants_that() -> None:
    turns: Turns[TextFrames] = Turns(text_frames)
    sharing, choosy = RecordingHandle(turns=turns), RecordingHandle(turns=turns, shared_below=500)
    small, large = Frame(note(1)), Frame(note(2, 500))
    for frame in (large, small, large):
        sharing.send(frame)
        choosy.send(frame)
    await checkpoint()
    assert b"".join(sharing.socket.writes) == b"".join(map(text_frame, (large, small, large)))
    alone = b"<" + large.data + b">"
    assert b"".join(choosy.socket.writes) == alone + text_frame(small) + alone


async def test_each_turn_begins_anew() -> None:
    handle = RecordingHandle()
    writes: list[bytes] = []
    for number in range(3):
        writes.append(send(handle, number))
        await checkpoint()
    assert handle.socket.writes == writes


async def test_while_the_peer_lags_everything_waits_in_order() -> None:
    handle = RecordingHandle()
    handle.keeps_up = False
    waiting = send(handle, 1, 2)
    await checkpoint()
    waiting += send(handle, 3)
    await checkpoint()
    assert (handle.socket.writes, handle.pending) == ([], 3)
    handle.keeps_up = True
    waiting += send(handle, 4)
    handle.flush()
    assert handle.socket.writes == [waiting]
    now = send(handle, 5)
    assert b"".join(handle.socket.writes) == waiting + now


async def test_no_more_is_written_at_once_than_a_revocation_may_miss() -> None:
    handle = RecordingHandle()
    handle.keeps_up = False
    waiting = send(handle, *range(40), padding=10_000)
    handle.keeps_up = True
    handle.flush()
    assert b"".join(handle.socket.writes) == waiting
    assert max(map(len, handle.socket.writes)) < 80_000


async def test_what_is_held_back_is_never_written_after_a_close() -> None:
    handle = RecordingHandle()
    first = send(handle, 1)
    send(handle, 2, 3)
    handle.close(Ending.REVOKED)
    assert (handle.pending, handle.told) == (0, [(4001, "Session revoked")])
    await checkpoint()
    assert handle.socket.writes == [first]
    with pytest.raises(HandleClosedError):
        send(handle, 4)
    handle.release()


async def test_over_the_limits_only_a_peer_that_lags_is_slow() -> None:
    handle = RecordingHandle(OutboxLimits(max_messages=2))
    sent = send(handle, *range(10))
    handle.keeps_up = False
    sent += send(handle, 10)
    with pytest.raises(SlowConsumerError):
        send(handle, 11)
    handle.keeps_up = True
    handle.flush()
    assert b"".join(handle.socket.writes) == sent


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("closed")])
async def test_a_socket_that_is_gone_is_a_closed_handle(error: Exception) -> None:
    handle = RecordingHandle()
    handle.socket.error = error
    with pytest.raises(HandleClosedError):
        send(handle, 1)
    assert not handle.is_open
    handle.release()


@pytest.mark.parametrize(
    ("error", "reported"), [(OSError("gone"), HandleClosedError), (ValueError("bug"), ValueError)]
)
async def test_what_was_accepted_and_could_not_be_written_is_reported(
    error: Exception, reported: type[Exception]
) -> None:
    handle = RecordingHandle()
    send(handle, 1, 2)
    handle.socket.error = error
    await checkpoint()
    assert [type(failure) for failure in handle.failures] == [reported]
    assert not handle.is_open
    handle.release()


async def test_a_socket_that_fails_in_the_middle_of_a_long_turn_is_a_closed_handle() -> None:
    handle = RecordingHandle(OutboxLimits(max_messages=2))
    send(handle, 1, 2, 3)
    handle.socket.error = OSError("gone")
    with pytest.raises(HandleClosedError):
        send(handle, 4)
    assert handle.pending == 0
    handle.release()


async def test_a_handle_that_was_released_is_kept_by_nothing() -> None:
    handle = RecordingHandle()
    send(handle, 1, 2)
    handle.close(Ending.REVOKED)
    handle.release()
    trace = weakref.ref(handle)
    del handle
    await checkpoint()  # To the end of the turn, in which something was held back.
    gc.collect()
    assert trace() is None


def test_each_event_loop_has_turns_of_its_own() -> None:
    current = CurrentTurns()

    async def twice() -> list[Turns[TextFrames]]:
        return [current.get(), current.get()]

    async def once() -> Turns[TextFrames]:
        return current.get()

    first, again = asyncio.run(twice())
    assert first is again
    # The turn that was under way when the last one stopped never ends.
    assert asyncio.run(once()) is not first
