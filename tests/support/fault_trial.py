"""Carrying a plan out on real nodes, healing everything, and checking what the clients saw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Final

import anyio

from tests.support.cluster_control import News, RevokeCommand
from tests.support.fault_books import Books
from tests.support.fault_clients import FaultClient, SocketClient, StreamClient
from tests.support.fault_plan import ACCOUNTS, Act, Broadcast, Connect, Episode, Plan, Revoke
from tests.support.fault_rig import BOUND, RECOVERY, FaultRig, RigNode, become_true
from tests.support.faults import FAULTS, Fault

__all__ = ["carry_out"]

_ROUNDS: Final = 8
"""How often the nodes may close everybody once more, on a machine that is too busy for a lease."""


async def carry_out(plan: Plan, rig: FaultRig) -> None:
    """Do all that `plan` says. Raises `AssertionError` if a promise was broken."""
    trial = _Trial(rig)
    try:
        for episode in plan.episodes:
            await trial.suffer(episode)
        await trial.conclude()
    except Exception as error:
        logs = "\n".join(node.log[-2000:] for node in rig.nodes)
        raise AssertionError(f"{error}\n\nin {plan}\n\n{logs}") from error
    finally:
        await trial.end()


class _Trial:
    def __init__(self, rig: FaultRig) -> None:
        self._rig = rig
        self._books = Books()
        self._clients: list[FaultClient] = []
        self._work: list[asyncio.Task[object]] = []
        self._first_account = 0

    async def suffer(self, episode: Episode) -> None:
        """Have everybody there, begin the faults, act, and end them."""
        await self._rig.recover()
        self._first_account = self._rig.new_accounts(ACCOUNTS + 1)
        await self._answered([self._connect(each) for each in episode.present])
        node = self._rig.nodes[episode.node]
        present = [client for client in self._clients if client.open]
        kinds = [FAULTS[kind] for kind in episode.faults]
        async with AsyncExitStack() as faults:
            for fault in kinds:
                await faults.enter_async_context(fault.begin(self._rig, node))
            await self._act(episode)
            if episode.lasting:
                for fault in kinds:
                    await self._outlast(fault, node, present)
        if len(kinds) == 1:
            (fault,) = kinds
            await self._closed(present, fault.reached(self._rig, node, fault.however_short))

    async def conclude(self) -> None:
        """Check that all is well again, and was all the time."""
        await self._settled(self._work)
        await self._rig.recover()
        for _ in range(_ROUNDS):
            if await self._everybody_is_reached():
                break
        else:
            raise AssertionError("the nodes close their connections again and again")
        await self._closed(
            [client for client in self._clients if self._books.is_revoked(client)], self._rig.nodes
        )
        violations = self._books.violations(self._clients)
        assert not violations, "\n".join(violations)

    async def end(self) -> None:
        """Leave nothing behind."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*(client.leave() for client in self._clients))

    # What is done

    async def _act(self, episode: Episode) -> None:
        for pause, act in episode.acts:
            await asyncio.sleep(pause)
            self._do(act)

    def _do(self, act: Act) -> None:
        if isinstance(act, Connect):
            self._connect(act)
        elif isinstance(act, Broadcast):
            self._start(self._broadcast(self._rig.nodes[act.node], self._news(act)))
        else:
            self._start(self._revoke(act))

    def _connect(self, who: Connect) -> FaultClient:
        kind = StreamClient if who.stream else SocketClient
        client = kind(
            self._rig.nodes[who.node],
            self._first_account + who.account,
            who.session,
            hesitation=who.hesitation,
            on_connected=self._books.note_connected,
        )
        self._clients.append(client)
        return client

    def _latecomer(self, node: RigNode, *, stream: bool) -> FaultClient:
        # Of an account that no plan knows.
        return self._connect(Connect(self._rig.nodes.index(node), ACCOUNTS, 0, stream))

    def _news(self, act: Broadcast) -> News:
        account = None if act.account is None else self._first_account + act.account
        return News(tick=self._books.tick(), account=account, tier=act.tier)

    async def _broadcast(self, node: RigNode, news: News) -> bool:
        confirmed = await node.told("/broadcast", news)
        if confirmed:
            self._books.note_confirmed(news)
        return confirmed

    async def _confirmed_marker(self, node: RigNode) -> int:
        # One that was not confirmed promises nothing, and a connection to Redis may still be stale.
        with anyio.fail_after(RECOVERY):
            while not await self._broadcast(node, marker := News(tick=self._books.tick())):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return marker.tick

    async def _revoke(self, act: Revoke) -> None:
        account = self._first_account + act.account
        command = RevokeCommand(account=account, session=act.session)
        # As an app does it: first nobody new is let in, then those who are in are closed.
        self._rig.settings.end(command.credential)
        node = self._rig.nodes[act.node]
        while not await node.told("/revoke", command):  # noqa: ASYNC110  # in another process
            await asyncio.sleep(0.02)
        self._books.note_revoked(command.credential, time.monotonic())

    def _start(self, work: Coroutine[object, object, object]) -> None:
        self._work.append(asyncio.create_task(work))

    # What is waited for

    async def _outlast(self, fault: Fault, node: RigNode, present: Iterable[FaultClient]) -> None:
        """Wait until the nodes have closed their connections, and see that they admit nobody."""
        reached = fault.reached(self._rig, node, fault.while_it_lasts)
        running = [each for each in reached if not each.paused]
        await self._closed(present, running)
        for each in running:
            latecomer = self._latecomer(each, stream=False)
            await self._settled([latecomer.life])
            assert latecomer.close_code in {None, 1012}, latecomer.close_code

    async def _settled(self, tasks: Sequence[asyncio.Task[object]]) -> None:
        """Wait until all `tasks` are done."""
        with anyio.fail_after(RECOVERY):
            await asyncio.gather(*tasks)

    async def _answered(self, clients: Iterable[FaultClient]) -> None:
        """Wait until all `clients` were let in or refused."""

        async def answered() -> bool:
            return all(client.connected.is_set() or client.life.done() for client in clients)

        await become_true(answered, "the clients to be let in or refused", within=RECOVERY)

    async def _closed(self, clients: Iterable[FaultClient], nodes: Iterable[RigNode]) -> None:
        """Wait until all `clients` of `nodes` are closed."""
        lives = [client.life for client in clients if client.node in nodes]
        if lives:
            await asyncio.wait(lives, timeout=BOUND)
        late = [client for client in clients if client.node in nodes and client.open]
        assert not late, f"open although their node can't know enough: {late}"

    async def _everybody_is_reached(self) -> bool:
        """Whether a broadcast of each node reaches all who are there, and new ones."""
        new = [
            self._latecomer(node, stream=stream)
            for node in self._rig.nodes
            for stream in (False, True)
        ]
        # Whoever is let in after the broadcasts does not get them.
        await self._answered(self._clients)
        seen = {await self._confirmed_marker(node) for node in self._rig.nodes}

        async def reached() -> bool:
            return all(
                seen <= {news.tick for news in client.news}
                for client in self._clients
                if client.open and not self._books.is_revoked(client)
            )

        await become_true(reached, "the last broadcasts to reach everybody")
        return all(client.open for client in new)
