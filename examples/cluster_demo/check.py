"""The scenario without a person: real processes, real clients, and what they saw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import zip_longest
from typing import Final

import anyio
import httpx
from anyio.abc import TaskGroup

from examples.cluster_demo.directory import SharedDirectory
from examples.cluster_demo.processes import Processes, running
from examples.cluster_demo.scenario import (
    AFTER,
    BEFORE,
    DURING,
    FIRST_ROUND,
    SECOND_ROUND,
    Step,
)
from examples.demo.check import cells, connected, make_client
from examples.demo.clients import Client
from examples.demo.scenario import Outcome
from examples.demo.table import Row, print_tables

SECONDS: Final = 40
"""After this the check stops waiting and shows what it has."""

PAUSE: Final = 0.02
"""Seconds between two polls."""

Expected = Mapping[tuple[int, str, str], Outcome]


class Round:
    """Clients of both nodes, each with what it is expected to see."""

    def __init__(self, processes: Processes, expected: Expected) -> None:
        directory = SharedDirectory(processes.database)
        self._expected = expected
        self._clients: list[Client] = []
        for number, credential, kind in expected:
            client = make_client(directory, processes.urls[number - 1], credential, kind)
            client.return_url = processes.urls[-number]
            self._clients.append(client)

    async def connect(self, tasks: TaskGroup, nodes: Sequence[httpx.AsyncClient]) -> None:
        """Connect all clients, and wait until the nodes have registered them."""
        for client in self._clients:
            await tasks.start(client.run)

        async def all_connected() -> bool:
            return sum([await connected(node) for node in nodes]) == len(self._clients)

        await until(all_connected)

    async def has(self, text: str) -> None:
        """Wait until all expected recipients have received `text`."""
        recipients = [
            client
            for client, expected in zip(self._clients, self._expected.values(), strict=True)
            if text in expected.received
        ]

        async def all_received() -> bool:
            return all(text in client.received for client in recipients)

        await until(all_received)

    async def is_over(self) -> None:
        """Wait until all are closed, and every revoked client has tried to reconnect."""
        for client in self._clients:
            await client.done.wait()

    def rows(self) -> list[Row]:
        """What each client saw, and what was expected."""
        return [
            Row("node {}: {} {}".format(*key), cells(client.outcome), cells(expected))
            for client, (key, expected) in zip(self._clients, self._expected.items(), strict=True)
        ]


class Check:
    """One run of the scenario."""

    def __init__(self, processes: Processes, nodes: Sequence[httpx.AsyncClient]) -> None:
        self._processes = processes
        self._nodes = nodes
        self._answers: list[str] = []
        self._first = Round(processes, FIRST_ROUND)
        self._second = Round(processes, SECOND_ROUND)

    async def play(self) -> None:
        """Take all steps of the scenario, in order."""
        redis = self._processes.redis
        async with anyio.create_task_group() as tasks:
            await self._nodes_answer(200)
            await self._first.connect(tasks, self._nodes)
            await self._take(BEFORE, self._first)
            redis.stop()
            await self._take(DURING, self._first)
            await self._first.is_over()
            await self._nodes_answer(503)
            redis.start()
            await self._nodes_answer(200)
            await self._second.connect(tasks, self._nodes)
            await self._take(AFTER, self._second)
            for node in self._processes.nodes:
                await anyio.to_thread.run_sync(node.stop)

    def report(self) -> int:
        """Print the results; return how many rows differ from the expected."""
        steps = [
            Row(f"node {step.node}: {step.method:6} {step.path}", (answer,), (step.outcome,))
            for step, answer in zip_longest(
                (*BEFORE, *DURING, *AFTER), self._answers, fillvalue="-"
            )
            if isinstance(step, Step)
        ]
        clients = [*self._first.rows(), *self._second.rows()]
        return print_tables(
            (("step", "outcome", ""), steps),
            (("client", "received", "close code", "reconnect", ""), clients),
        )

    async def _nodes_answer(self, status: int) -> None:
        """Wait until every node says that it is healthy (200), or that it is not (503)."""

        async def all_answer() -> bool:
            answers = [await node.get("/health") for node in self._nodes]
            return all(answer.status_code == status for answer in answers)

        await until(all_answer)

    async def _take(self, steps: Iterable[Step], clients: Round) -> None:
        for step in steps:
            node = self._nodes[step.node - 1]
            answer = await node.request(step.method, step.path, json=step.body)
            self._answers.append(answer.json()["outcome"])
            if step.text is not None:
                # A revocation overtakes messages that are still in the log.
                await clients.has(step.text)


async def check() -> int:
    """Play the scenario, print the results, and return how many rows differ from the expected."""
    with running() as processes:
        async with AsyncExitStack() as stack:
            nodes = [
                await stack.enter_async_context(
                    httpx.AsyncClient(base_url=url, trust_env=False, timeout=SECONDS)
                )
                for url in processes.urls
            ]
            played = Check(processes, nodes)
            with anyio.move_on_after(SECONDS):
                await played.play()
    return played.report()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that happens in another process."""
    while not await condition():  # noqa: ASYNC110
        await anyio.sleep(PAUSE)
