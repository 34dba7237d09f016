"""Following: how a node reads the log, for as long as it lives. No I/O of its own."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from gatecast.cluster._envelopes import Bye, encode
from gatecast.cluster._node import Node
from gatecast.errors import RelayGapError
from gatecast.ports.relay import Position, Relay
from gatecast.ports.runtime import Host

__all__ = ["Follower"]

TIdentity = TypeVar("TIdentity")

_RETRIES_PER_LEASE: Final = 40


class Follower(Generic[TIdentity]):
    """Reads the log for a node and writes its beats, whatever the relay does."""

    def __init__(self, relay: Relay, node: Node[TIdentity], host: Host) -> None:
        self._relay = relay
        self._node = node
        self._host = host
        self._position: Position | None = None
        self._has_failed = False

    async def run(self) -> None:
        """Follow until cancelled; then the node is fenced, since it follows no more."""
        try:
            while True:
                await self._turn()
        finally:
            self._node.leave()

    async def leave(self) -> None:
        """Tell the others not to wait for this node; what the relay raises comes through."""
        await self._relay.publish(encode(Bye(node=self._node.id, seq=self._node.next_seq())))

    async def _turn(self) -> None:
        try:
            await self._beat_and_read()
        except RelayGapError as gap:
            # It starts anew, from the oldest entry that is left.
            self._position = None
            self._node.fence(str(gap))
            await self._pause()
        except Exception as error:  # noqa: BLE001  # a node that gave up would be deaf for ever
            self._node.lost(str(error) or repr(error))
            await self._pause()

    async def _beat_and_read(self) -> None:
        lease = self._node.lease
        if not lease.seconds_to_beat():
            await self._relay.publish(encode(self._node.beat()))
        wait = 0.0 if self._has_failed else lease.seconds_to_beat()
        batch = await self._relay.read(self._position, wait=wait)
        for entry in batch.entries:
            self._node.read(entry)
            # A backlog of broadcasts to thousands must not keep the event loop from all else.
            await self._host.checkpoint()
        # Only now: if one could not be applied, it is read again.
        self._position = batch.position
        if self._has_failed:
            # Only a new beat lets the node go on, so it is not to wait for the next one's time.
            self._has_failed = False
            lease.hurry()

    async def _pause(self) -> None:
        self._has_failed = True
        await self._host.sleep(self._node.lease.seconds / _RETRIES_PER_LEASE)
