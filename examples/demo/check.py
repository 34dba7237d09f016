"""The demo's scenario without a person: real server, real clients, and what they saw."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import zip_longest
from typing import Final

import anyio
import httpx

from examples.demo.app import Demo
from examples.demo.clients import Client, SseClient, WebsocketClient
from examples.demo.directory import Directory
from examples.demo.scenario import EXPECTED, STEPS, Outcome, Step
from examples.demo.server import DemoServer, listen, url_of
from examples.demo.table import Row, print_tables

SECONDS: Final = 8
"""After this the check stops waiting and shows what it has."""


async def check() -> int:
    """Play the scenario, print the results, and return how many rows differ from the expected."""
    demo = Demo()
    listener = listen(0)
    url = url_of(listener)
    server = DemoServer(demo)
    clients = [make_client(demo.directory, url, *key) for key in EXPECTED]
    counts: list[int] = []
    with anyio.move_on_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(server.serve, sockets=[listener]))
            for client in clients:
                await tasks.start(client.run)
            await take_steps(url, counts)
            for client, expected in zip(clients, EXPECTED.values(), strict=True):
                if expected.reconnect is not None:
                    await client.done.wait()
            server.should_exit = True
    return report(counts, [client.outcome for client in clients])


def make_client(directory: Directory, url: str, credential: str, kind: str) -> Client:
    """A client that presents its credential as a browser or a program does."""
    if credential in directory.sessions:
        headers = {"Cookie": f"session={directory.sessions[credential].secret}"}
    else:
        headers = {"Authorization": f"Bearer {directory.api_tokens[credential].secret}"}
    return WebsocketClient(url, headers) if kind == "websocket" else SseClient(url, headers)


async def take_steps(url: str, counts: list[int]) -> None:
    """Take every step, and append to `counts` how many connections each one reached."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        while await connected(http) < len(EXPECTED):
            pass  # A client may know that it is connected an instant before the registry does.
        for step in STEPS:
            answer = await http.request(step.method, step.path, json=step.body)
            counts.append(answer.raise_for_status().json()["connections"])


async def connected(http: httpx.AsyncClient) -> int:
    """How many connections the demo holds."""
    state = (await http.get("/state")).json()
    return sum(
        credential["connected"]
        for account in state["accounts"]
        for credential in account["credentials"]
    )


def report(counts: Iterable[int], outcomes: Iterable[Outcome]) -> int:
    """Print both tables; return how many rows differ from the expected."""
    steps = [step_row(step, count) for step, count in zip_longest(STEPS, counts)]
    clients = [
        Row(f"{credential} {kind}", cells(outcome), cells(expected))
        for outcome, ((credential, kind), expected) in zip(outcomes, EXPECTED.items(), strict=True)
    ]
    return print_tables(
        (("step", "connections", ""), steps),
        (("client", "received", "close code", "reconnect", ""), clients),
    )


def step_row(step: Step, count: int | None) -> Row:
    """What was done, and how many connections it reached; `None` if it was not done."""
    subject = f"{step.method:6} {step.path} {step.text or ''}"
    return Row(subject, ("-" if count is None else str(count),), (str(step.connections),))


def cells(outcome: Outcome) -> tuple[str, ...]:
    """An outcome as the cells of a row."""
    close = "open" if outcome.close is None else "{} {}".format(*outcome.close)
    return ", ".join(outcome.received), close, str(outcome.reconnect or "-")
