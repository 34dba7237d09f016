"""A peer as the tests see it: the author's far end, with bounded waits and clear checks."""

from __future__ import annotations

import json

from gatecast.messages.jsonrpc import JsonrpcMessage, to_json
from gatecast_contracts._checks import bounded
from gatecast_contracts.transport._adapter import Closed, FarEnd, Received

__all__ = ["Peer"]


class Peer:
    """The far end of one connection.

    That something does *not* arrive is shown without waiting: something else is sent afterwards,
    and must come next.
    """

    def __init__(self, far_end: FarEnd, name: str, patience: float) -> None:
        self._far_end = far_end
        self._name = name
        self._patience = patience

    async def receive(self, what: str = "a message or the end") -> Received:
        """What comes next, of whatever kind."""
        __tracebackhide__ = True
        return await bounded(
            self._far_end.receive(), self._patience, f"{what} to reach {self._name}"
        )

    async def sees(self, *messages: JsonrpcMessage) -> None:
        """Exactly `messages` arrive next, in this order."""
        __tracebackhide__ = True
        for message in messages:
            expected = json.loads(to_json(message))
            received = _content(await self.receive(f"{expected}"))
            assert received == expected, f"{self._name} received {received}, not {expected}"

    async def sees_close(self, code: int, reason: str) -> None:
        """The end comes next, with `code` and `reason`."""
        __tracebackhide__ = True
        expected = Closed(code, reason)
        received = await self.receive(f"{expected}")
        assert received == expected, f"{self._name} received {received}, not {expected}"

    async def sees_end(self) -> Closed:
        """The end comes next, of whatever kind; returns it."""
        __tracebackhide__ = True
        received = await self.receive("the end")
        assert isinstance(received, Closed), f"{self._name} received {received}, not the end"
        return received

    async def number(self) -> int:
        """The number of the message that comes next."""
        __tracebackhide__ = True
        received = await self.receive("a numbered message")
        assert not isinstance(received, Closed), f"{self._name} was closed: {received}"
        return _number_in(received)

    async def numbers_until_closed(self) -> tuple[list[int], Closed]:
        """The numbers of all messages that still come, and the end after them."""
        __tracebackhide__ = True
        numbers: list[int] = []
        while isinstance(received := await self.receive(), str):
            numbers.append(_number_in(received))
        return numbers, received

    async def stall(self) -> None:
        await bounded(self._far_end.stall(), self._patience, f"{self._name} to stall")

    async def resume(self) -> None:
        await bounded(self._far_end.resume(), self._patience, f"{self._name} to read on")

    async def vanish(self) -> None:
        await bounded(self._far_end.vanish(), self._patience, f"{self._name} to vanish")

    async def reconnect(self) -> bool:
        return await bounded(
            self._far_end.reconnect(), self._patience, f"{self._name} to reconnect"
        )


def _content(received: Received) -> object:
    return json.loads(received) if isinstance(received, str) else received


def _number_in(text: str) -> int:
    number = json.loads(text)["params"]["number"]
    assert isinstance(number, int)
    return number
