"""The test rig: one live adapter, the peers connected to it, and everything that it reported."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

import anyio
from anyio import TaskInfo
from anyio.lowlevel import checkpoint

from gatecast.identity.ids import ConnectionId
from gatecast.identity.types import ConnectionIdentity
from gatecast.ports.observer import DroppedConnection, Observation, Observer
from gatecast.ports.outbox import OutboxLimits
from gatecast_contracts._checks import bounded, leave
from gatecast_contracts.transport._adapter import (
    ContractIdentity,
    ContractTransport,
    FarEnd,
    Hooks,
    ServeOptions,
)
from gatecast_contracts.transport._handles import ScriptedHandle
from gatecast_contracts.transport._peer import Peer
from gatecast_contracts.transport._samples import large_message

__all__ = ["LoggedErrors", "Rig", "Visit"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


def _nothing() -> None:
    pass


def _ignore(event: object) -> None:
    pass


class Visit(Generic[TIdentity]):
    """One connection as the server's side identifies it."""

    def __init__(self, identity: TIdentity, during_check: Callable[[], object]) -> None:
        self._identity = identity
        self._during_check = during_check
        self._task: TaskInfo | None = None

    async def identify(self) -> TIdentity:
        self._task = anyio.get_current_task()
        # As a real check would, it lets everything else run before and after.
        await checkpoint()
        self._during_check()
        await checkpoint()
        return self._identity

    def is_served(self) -> bool:
        """Whether the task that identified the peer still runs; never the one that asks this."""
        if self._task is None or self._task == anyio.get_current_task():
            return False
        return any(
            (task.id, task.name) == (self._task.id, self._task.name)
            for task in anyio.get_running_tasks()
        )


class Rig(Generic[TIdentity]):
    """A live adapter, from the moment that it serves until it is shut down."""

    transport: ContractTransport[TIdentity]

    def __init__(self, hooks: Hooks[TIdentity], limits: OutboxLimits, close_timeout: float) -> None:
        self.make_identity: Callable[[ConnectionIdentity], TIdentity] = hooks.make_identity
        self.drops: list[DroppedConnection[TIdentity]] = []
        self.observer: Observer[TIdentity] = _ignore
        """What becomes of the events that the adapter's observer is called with. They hold
        identities, so nobody keeps them by default."""
        self.errors: LoggedErrors = LoggedErrors()
        self._patience = hooks.patience
        self.flood_size: int = hooks.flood_size
        self._names = itertools.count(1)
        self._visits: dict[str, Visit[TIdentity]] = {}
        self._serving = hooks.serve(
            ServeOptions(
                identify=self._identify,
                on_drop=self.drops.append,
                observer=self._observe,
                limits=limits,
                close_timeout=close_timeout,
            )
        )

    async def __aenter__(self) -> Rig[TIdentity]:
        self._live = await self._serving.__aenter__()
        self.transport = self._live.transport
        logging.getLogger("gatecast").addHandler(self.errors)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        logging.getLogger("gatecast").removeHandler(self.errors)
        await leave(self._serving, exc)

    async def connect(
        self, who: ConnectionIdentity, during_check: Callable[[], object] = _nothing
    ) -> Peer:
        """Open a connection for `who`, and return when it is registered."""
        __tracebackhide__ = True
        known = self._registered_ids()
        peer, _ = await self.visit(who, during_check)
        await self.until(lambda: bool(self._registered_ids() - known), "the peer to be registered")
        return peer

    async def visit(
        self, who: ConnectionIdentity, during_check: Callable[[], object] = _nothing
    ) -> tuple[Peer, Visit[TIdentity]]:
        """Open a connection that may be refused; `during_check` is called while it is identified.

        Returns the peer, and what the suite knows of the server's side.
        """
        __tracebackhide__ = True
        name = f"peer-{next(self._names)}"
        # A name is a ticket for one connection, so a client that comes again is refused.
        visit = self._visits[name] = Visit(self.make_identity(who), during_check)
        return await self._connect(name), visit

    async def knock(self) -> Peer:
        """Open a connection that nobody knows; return its peer, which is refused."""
        __tracebackhide__ = True
        return await self._connect(f"stranger-{next(self._names)}")

    def register(self, handle: ScriptedHandle, who: ConnectionIdentity) -> ConnectionId:
        """Add a handle of the suite's own."""
        return self.transport.add_connection(handle, self.make_identity(who))

    def id_of(self, who: ConnectionIdentity) -> ConnectionId:
        """The id of the only connection of the session that `who` has."""
        (connection_id,) = (
            each.id
            for each in self.transport.get_connections()
            if each.identity.token_hash == who.token_hash
        )
        return connection_id

    async def drain(self, deadline: float) -> int:
        """Drain the transport, with a deadline that is short; return how many it closed."""
        __tracebackhide__ = True
        return await bounded(
            self.transport.drain(deadline=deadline), self._patience, "the drain to end"
        )

    async def flood(self) -> list[int]:
        """Broadcast more than fits between us and a peer that has stopped reading.

        Ends early when nobody accepts any more; returns the numbers of the accepted messages.
        """
        accepted: list[int] = []
        for number in range(self.flood_size):
            if self.transport.broadcast(large_message(number)) == 0:
                break
            accepted.append(number)
            await checkpoint()
        return accepted

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition that nothing announces, since it lies inside the adapter."""
        __tracebackhide__ = True
        await bounded(_poll(condition), self._patience, what)

    async def _identify(self, ticket: str) -> TIdentity | None:
        visit = self._visits.pop(ticket, None)
        return None if visit is None else await visit.identify()

    async def _connect(self, name: str) -> Peer:
        __tracebackhide__ = True
        far_end = await bounded(self._live.connect(name), self._patience, f"{name} to connect")
        assert isinstance(far_end, FarEnd), f"{far_end!r} lacks a method of FarEnd"
        return Peer(far_end, name, self._patience)

    def _observe(self, event: Observation[TIdentity]) -> None:
        self.observer(event)

    def _registered_ids(self) -> set[ConnectionId]:
        return {connection.id for connection in self.transport.get_connections()}


async def _poll(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # what happens in there sets no event of ours
        await anyio.sleep(0.001)


class LoggedErrors(logging.Handler):
    """What was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
