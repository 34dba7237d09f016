"""A group keeps every promise over its members: in memory, and two kinds behind one uvicorn."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gatecast.connections.admission import Admission
from gatecast.connections.group import TransportGroup
from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import ConnectionId
from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.memory import MemoryTransport
from gatecast_adapters.starlette_sse import BackendSseTransport, SseStream
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_contracts import (
    ConnectionIdentityContract,
    ConnectionRecord,
    FarEnd,
    LiveAdapter,
    ServeOptions,
)
from tests.contracts.memory_contract import MemoryFarEnd
from tests.support import stream_far_end, websocket_far_end
from tests.support.uvicorn_server import serving

# Any: each member has a type of handle of its own.
Member: TypeAlias = ConnectionTransport[Any, ConnectionIdentity]
Connect: TypeAlias = Callable[[str], Awaitable[FarEnd]]


class RegisteringGroup(TransportGroup[ConnectionIdentity]):
    """A group, with the verbs that are its members' business: connections go to them in turn."""

    def __init__(self, *members: Member) -> None:
        super().__init__("group", *members)
        self._own = members
        # The member that is sent to last comes first: in a group a message goes from member to
        # member, and the suite expects a callback to come in time for who was registered after it.
        self._turns = itertools.cycle(reversed(members))

    def next_member(self) -> Member:
        return next(self._turns)

    def add_connection(
        self,
        handle: Any,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> ConnectionId:
        # A member without connections would take any thread for its home: so the others are asked.
        self.remove_connection(object())
        # A member knows its own handles only, so it has to be the one that is asked again.
        member = self._member_with(handle) or self.next_member()
        return member.add_connection(handle, identity, admission=admission)

    def remove_connection(self, handle: Any) -> None:
        for member in self._own:
            member.remove_connection(handle)

    def rotate_identity(self, connection_id: ConnectionId, identity: ConnectionIdentity) -> bool:
        return any(member.rotate_identity(connection_id, identity) for member in self._own)

    def get_connections(self) -> list[ConnectionRecord[ConnectionIdentity]]:
        return [each for member in self._own for each in member.get_connections()]

    async def drain(self, *, deadline: float = 10.0) -> int:
        closed: list[int] = []

        async def drain_one(member: Member) -> None:
            closed.append(await member.drain(deadline=deadline))

        async with anyio.create_task_group() as tasks:
            for member in self._own:
                tasks.start_soon(drain_one, member)
        return sum(closed)

    def _member_with(self, handle: object) -> Member | None:
        for member in self._own:
            if any(each.handle is handle for each in member.get_connections()):
                return member
        return None


def live(connects: dict[Member, Connect]) -> LiveAdapter:
    """A group of these members, each with its way to open a connection."""
    group = RegisteringGroup(*connects)

    async def connect(ticket: str) -> FarEnd:
        return await connects[group.next_member()](ticket)

    return LiveAdapter(group, connect)


def memory_member(options: ServeOptions, name: str) -> tuple[Member, Connect]:
    member = MemoryTransport(transport_name=name, limits=options.limits, **options.for_transport)

    async def connect(ticket: str) -> MemoryFarEnd:
        return MemoryFarEnd(await member.serve(identify=lambda: options.identify(ticket)))

    return member, connect


def sockets_of(options: ServeOptions) -> BackendWebsocketTransport:
    return BackendWebsocketTransport(
        limits=options.limits, close_timeout=options.close_timeout, **options.for_transport
    )


def streams_of(options: ServeOptions) -> BackendSseTransport[ConnectionIdentity]:
    return BackendSseTransport(
        limits=options.limits, close_timeout=options.close_timeout, **options.for_transport
    )


def app_of(
    options: ServeOptions,
    sockets: BackendWebsocketTransport,
    streams: BackendSseTransport[ConnectionIdentity],
) -> Starlette:
    async def identify(peer: WebSocket | Request) -> ConnectionIdentity | None:
        return await options.identify(peer.query_params["as"])

    async def socket(websocket: WebSocket) -> None:
        await sockets.serve(websocket, identify=identify)

    async def stream(request: Request) -> SseStream[ConnectionIdentity]:
        return streams.serve(request, identify=identify)

    return Starlette(routes=[WebSocketRoute("/", socket), Route("/", stream)])


class TestMemoryAndMemory(ConnectionIdentityContract):
    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        yield live(dict(memory_member(options, name) for name in ("first", "second")))


class StarletteGroupContract(ConnectionIdentityContract, abstract=True):
    streams_first: bool

    @asynccontextmanager
    async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
        sockets, streams = sockets_of(options), streams_of(options)
        async with (
            serving(app_of(options, sockets, streams)) as server,
            websocket_far_end.connecting(server.port) as connect_socket,
            stream_far_end.connecting(server.port) as connect_stream,
        ):
            members: list[tuple[Member, Connect]] = [
                (sockets, connect_socket),
                (streams, connect_stream),
            ]
            yield live(dict(reversed(members) if self.streams_first else members))


class TestSocketsAndStreams(StarletteGroupContract):
    streams_first = False


@pytest.mark.all
class TestStreamsAndSockets(StarletteGroupContract):
    streams_first = True
