"""One connection of a picows server: the handle, and the listener that the server talks to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Generic, TypeVar, cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport
from typing_extensions import override

from gatecast.connections.adapter import AdapterPort
from gatecast.errors import HandleClosedError
from gatecast.ports.ending import Ending
from gatecast_adapters._life import HandleSettings, Happening, State
from gatecast_adapters._native.handle import NativeHandle
from gatecast_adapters._native.picows_messages import MessageAssembler
from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames

__all__ = ["PicowsHandle", "PicowsListener"]

TIdentity = TypeVar("TIdentity")

_MOST_WAITING: Final = 16
"""How many messages of one peer may wait for `on_message`; then reading from it is paused."""

_DATA: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION})


class PicowsHandle(NativeHandle):
    """One connection whose handshake is complete."""

    __slots__ = ("_departure", "_inbox", "_paused", "_reading", "_websocket")

    def __init__(
        self, websocket: WSTransport, settings: HandleSettings, turns: Turns[TextFrames]
    ) -> None:
        super().__init__(websocket.underlying_transport, settings, turns)
        self._websocket = websocket
        self._inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._reading = True
        self._paused = False
        self._departure: Ending | None = None

    # What the transport calls

    @override
    async def receive(self) -> str | None:
        if self._inbox.empty():
            if self.state is State.GONE:
                return None
            self._read_on()
        return await self._inbox.get()

    def disconnect(self) -> None:
        """Drop the connection at once, unless it is gone already."""
        self._websocket.disconnect(graceful=False)

    # What the listener calls

    def deliver(self, text: str) -> None:
        """The peer sent a message."""
        self._inbox.put_nowait(text)
        if self._reading and self._inbox.qsize() >= _MOST_WAITING:
            self._reading = False
            self._websocket.underlying_transport.pause_reading()

    def pause(self) -> None:
        """The peer does not keep up."""
        self._paused = True

    def resume(self) -> None:
        """The peer keeps up again."""
        self._paused = False
        self.flush()

    def answer_close(self, frame: WSFrame) -> None:
        """The peer sent a close: our own half, or the answer to it."""
        code = frame.get_close_code()
        self._departure = Ending.by_peer(code.value, frame.get_close_reason() or "")
        if not self._websocket.is_close_frame_sent:
            self._end(Happening.FAILED)
            # A close without a code can't be answered in kind: 1005 is never sent (RFC 6455 7.4.1).
            self._websocket.send_close(WSCloseCode.OK if code == WSCloseCode.NO_INFO else code)
        self._websocket.disconnect()

    @property
    @override
    def departure(self) -> Ending:
        """As the close frame of the peer says."""
        return self._departure or Ending.GONE

    def lose(self) -> None:
        """The connection is gone."""
        self.on(Happening.LEFT)
        self._inbox.put_nowait(None)

    # What the handle itself is made of

    @override
    def _keeps_up(self) -> bool:
        if self._websocket.is_close_frame_sent:
            self._end(Happening.FAILED)
            raise HandleClosedError
        return not self._paused

    @override
    def _notify(self, code: int, reason: str) -> None:
        # The server takes any code, although the annotation knows only those of RFC 6455.
        self._websocket.send_close(cast(WSCloseCode, code), reason)

    @override
    def _disconnect(self) -> None:
        self.disconnect()

    def _read_on(self) -> None:
        if not self._reading:
            self._reading = True
            self._websocket.underlying_transport.resume_reading()


class PicowsListener(WSListener, Generic[TIdentity]):
    """What the server tells of one connection, from the end of its handshake.

    `connect` makes the handle and serves it.
    """

    _handle: PicowsHandle

    def __init__(
        self,
        connect: Callable[[WSTransport], PicowsHandle],
        adapter: AdapterPort[PicowsHandle, TIdentity],
        max_message_bytes: int,
    ) -> None:
        self._connect = connect
        self._adapter = adapter
        self._messages = MessageAssembler(max_message_bytes)

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self._handle = self._connect(transport)

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            self._handle.answer_close(frame)
        elif frame.msg_type in _DATA and self._handle.is_open:
            self._take(self._messages.add(frame))

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._adapter.left(
            self._handle, self._handle.departure
        )  # At once, even while `on_message` goes on.
        self._handle.lose()

    @override
    def pause_writing(self) -> None:
        self._handle.pause()

    @override
    def resume_writing(self) -> None:
        self._handle.resume()

    def _take(self, message: str | Ending | None) -> None:
        if isinstance(message, str):
            self._handle.deliver(message)
        elif message is not None:
            self._adapter.end(self._handle, message)
