"""A storm: peers that come and vanish, broadcasts and revocations, all at random, and the books."""

from __future__ import annotations

import asyncio
import random
import weakref
from collections.abc import Callable
from typing import Final
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gatecast.connections.group import TransportGroup
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import DroppedConnection
from gatecast.ports.outbox import OutboxLimits
from gatecast_adapters.starlette_sse import BackendSseTransport, SseStream
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.people import note
from tests.support.storm_peers import (
    Peer,
    SocketReader,
    SocketStaller,
    Staller,
    StreamReader,
    StreamStaller,
)

__all__ = ["Storm"]

_ACCOUNTS: Final = 50
_SESSIONS: Final = 3
"""Sessions of each account; each has several connections."""
_KINDS: Final = [SocketReader, StreamReader] * 12 + [SocketStaller, StreamStaller]
_ARRIVING: Final = 20
"""How many peers wait to be let in at one time."""
_LARGE: Final = 256 * 1024
_LIMITS: Final = OutboxLimits(max_messages=64, max_bytes=16 * _LARGE)


class Session(str):
    """A session's key whose end can be observed."""

    __slots__ = ("__weakref__",)


class Storm:
    """Two transports behind one group, the peers, and what is known of both."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.peers: dict[str, Peer] = {}
        self.lives: list[asyncio.Task[None]] = []
        self.traces: list[weakref.ref[Session]] = []
        self.registrations = 0
        self.dropped: list[str] = []
        self.revoked: dict[str, int] = {}
        """Whoever was revoked, and the number of the first message that was sent after it."""
        self._next_number = 0
        self.sockets = BackendWebsocketTransport(
            limits=_LIMITS, close_timeout=2.0, on_drop=self._note_drop, new_id=self._new_id
        )
        self.streams = BackendSseTransport[ConnectionIdentity](
            limits=_LIMITS, close_timeout=2.0, on_drop=self._note_drop, new_id=self._new_id
        )
        self.group = TransportGroup("all", self.sockets, self.streams)

    def app(self) -> Starlette:
        """The server's side."""

        async def socket(websocket: WebSocket) -> None:
            await self.sockets.serve(websocket, identify=self._identify)

        async def stream(request: Request) -> SseStream[ConnectionIdentity]:
            return self.streams.serve(request, identify=self._identify)

        return Starlette(routes=[WebSocketRoute("/socket", socket), Route("/stream", stream)])

    def connected(self) -> set[str]:
        """Who is registered."""
        identities = [each.identity for each in self.sockets.get_connections()]
        identities += [each.identity for each in self.streams.get_connections()]
        return {str(identity.api_token_id) for identity in identities}

    # What happens in it

    def connect(self, port: int) -> None:
        """One more peer, of any kind and account."""
        label, account = str(len(self.peers)), self.random.randrange(_ACCOUNTS)
        session = f"{account}-{self.random.randrange(_SESSIONS)}"
        query = f"account={account}&session={session}&label={label}"
        peer = self.random.choice(_KINDS)(label, query)
        self.peers[label] = peer
        self.lives.append(asyncio.create_task(peer.live(port)))

    def fill(self, port: int, crowd: int) -> None:
        """Connect peers until there are `crowd`, a few at a time.

        uvloop accepts one connection in each turn of the event loop, and the turns of a storm are
        long: whoever is behind hundreds of others waits longer than a client's patience.
        """
        missing = crowd - sum(not life.done() for life in self.lives)
        for _ in range(min(missing, _ARRIVING - self._arriving())):
            self.connect(port)

    def _arriving(self) -> int:
        lives = zip(self.peers.values(), self.lives, strict=True)
        return sum(not peer.arrived and not life.done() for peer, life in lives)

    def broadcast(self) -> None:
        """Send to everybody."""
        self.group.broadcast(note(self._take_number()))

    def flood(self) -> None:
        """Send more than the kernel takes to those who don't read."""
        stalled = {label for label, peer in self.peers.items() if isinstance(peer, Staller)}
        for _ in range(8):
            self.group.broadcast_filtered(
                note(self._take_number(), _LARGE), lambda identity: identity.api_token_id in stalled
            )

    def revoke(self) -> None:
        """Revoke a session, an account, or whomever a predicate picks."""
        account = self.random.randrange(_ACCOUNTS)
        session = TokenHash(f"{account}-{self.random.randrange(_SESSIONS)}")
        tail = f"{self.random.randrange(100):02}"
        verbs: list[Callable[[], int]] = [
            lambda: self.group.close_sockets_for_account(AccountId(UUID(int=account))),
            lambda: self.group.close_sockets_for_session(session),
            lambda: self.group.close_where(lambda who: str(who.api_token_id).endswith(tail)),
        ]
        before = self.connected()
        closed = self.random.choice(verbs)()
        gone = before - self.connected()
        assert closed == len(gone)
        self.revoked.update(dict.fromkeys(gone, self._next_number))

    def vanish(self) -> None:
        """Some peer is gone."""
        present = [peer for peer in self.peers.values() if peer.arrived and not peer.vanished]
        if present:
            self.random.choice(present).vanish()

    # What the server asks

    async def _identify(self, asking: HTTPConnection) -> ConnectionIdentity:
        query = asking.query_params
        session = Session(query["session"])
        self.traces.append(weakref.ref(session))
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)  # A revocation may land here (REV-6).
        account = AccountId(UUID(int=int(query["account"])))
        return ConnectionIdentity(account, TokenHash(session), ApiTokenId(query["label"]))

    def _new_id(self) -> UUID:
        self.registrations += 1
        return uuid4()

    def _note_drop(self, dropped: DroppedConnection[ConnectionIdentity]) -> None:
        self.dropped.append(str(dropped.identity.api_token_id))

    def _take_number(self) -> int:
        self._next_number += 1
        return self._next_number - 1
