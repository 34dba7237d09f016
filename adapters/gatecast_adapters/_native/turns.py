"""The turns that native handles join their frames by."""

from __future__ import annotations

import asyncio

from gatecast_adapters._turns import Turns
from gatecast_adapters._websocket_frames import TextFrames, text_frames

__all__ = ["CurrentTurns"]


class CurrentTurns:
    """The turns of the event loop that is running, for all handles of one transport."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns: Turns[TextFrames] = Turns(text_frames)

    def get(self) -> Turns[TextFrames]:
        """They are others on another event loop: a turn of one that has stopped never ends."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._turns = loop, Turns(text_frames)
        return self._turns
