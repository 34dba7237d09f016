"""Verbs called from threads: from a sync endpoint, and from a thread that the app started."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from uuid import UUID

import anyio.from_thread
from fastapi import FastAPI, WebSocket
from starlette.requests import HTTPConnection

from gatecast import AccountId, ConnectionIdentity, notification
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
transport = BackendWebsocketTransport()


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Take the account from the address: this example is about threads, not about credentials."""
    return ConnectionIdentity(AccountId(UUID(connection.query_params["account"])))


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket."""
    await transport.serve(websocket, identify=identify)


# --8<-- [start:endpoint]
@app.post("/announce")
def announce(text: str) -> int:
    """Runs in a worker thread, as every plain `def`; waits for the verb and returns its result."""
    message = notification("announced", {"text": text})
    return anyio.from_thread.run_sync(transport.broadcast, message)


@app.post("/close/{account_id}")
def close(account_id: UUID) -> int:
    """Bind arguments by name with `partial`."""
    verb = partial(transport.close_where, lambda who: who.account_id == account_id, code=4001)
    return anyio.from_thread.run_sync(verb)


# --8<-- [end:endpoint]


# --8<-- [start:thread]
def forward(texts: Iterable[str], loop: asyncio.AbstractEventLoop) -> None:
    """The body of a thread that the app started; `loop` is the one that serves the connections.

    It does not wait: the loop makes the calls in this order, and logs what any of them raises.
    """
    for text in texts:
        message = notification("announced", {"text": text})
        loop.call_soon_threadsafe(transport.broadcast, message)


# --8<-- [end:thread]
