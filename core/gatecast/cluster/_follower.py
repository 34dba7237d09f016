"""The follower: reads the log for a node, and writes its heartbeats. No I/O of its own."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from gatecast.cluster._envelopes import Leave, encode
from gatecast.cluster._node import Node
from gatecast.errors import RelayGapError
from gatecast.ports.relay import Position, Relay
from gatecast.ports.runtime import Runtime

__all__ = ["Follower"]

TIdentity = TypeVar("TIdentity")

_RETRIES_PER_LEASE: Final = 40


class Follower(Generic[TIdentity]):
    """Reads the log for a node and writes its heartbeats, and retries when the relay fails."""

    def __init__(self, relay: Relay, node: Node[TIdentity], runtime: Runtime) -> None:
        self._relay = relay
        self._node = node
        self._runtime = runtime
        self._position: Position | None = None
        self._has_failed = False

    async def run(self) -> None:
        """Follow the log until cancelled; then fence the node."""
        try:
            while True:
                await self._turn()
        finally:
            self._node.leave()

    async def leave(self) -> None:
        """Notify the other nodes that this one has left; raises what the relay raises."""
        await self._relay.publish(encode(Leave(node=self._node.id, seq=self._node.next_seq())))

    async def _turn(self) -> None:
        try:
            await self._beat_and_read()
        except RelayGapError as gap:
            # Restart from the oldest entry that is left.
            self._position = None
            self._node.fence(str(gap))
            await self._pause()
        except Exception as error:  # noqa: BLE001  # it must go on following
            self._node.link_lost(str(error) or repr(error))
            await self._pause()

    async def _beat_and_read(self) -> None:
        lease = self._node.lease
        if not lease.seconds_to_beat():
            await self._relay.publish(encode(self._node.heartbeat()))
        wait = 0.0 if self._has_failed else lease.seconds_to_beat()
        batch = await self._relay.read(self._position, wait=wait)
        for entry in batch.entries:
            self._node.read(entry)
            # A backlog of large broadcasts must not block the event loop.
            await self._runtime.checkpoint()
        # Only now: if applying an entry is interrupted, the batch is read again.
        self._position = batch.position
        if self._has_failed:
            # Only a new heartbeat lets the node resume, so send it now.
            self._has_failed = False
            lease.beat_now()

    async def _pause(self) -> None:
        self._has_failed = True
        await self._runtime.sleep(self._node.lease.seconds / _RETRIES_PER_LEASE)
