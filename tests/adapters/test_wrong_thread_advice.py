"""What `WrongThreadError` says to do is done here, for every verb, and it works."""

from __future__ import annotations

import asyncio
import inspect
import re
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
import pytest
from fastapi import FastAPI, WebSocket

from gatecast import (
    ACCOUNT,
    AccountId,
    ApiTokenId,
    AuditEvent,
    AuditEventType,
    Cluster,
    ConnectionId,
    ConnectionIdentity,
    Policies,
    RevocationGuard,
    TokenHash,
    TransportGroup,
    notification,
)
from gatecast.errors import WrongThreadError
from gatecast.ports import Ending
from gatecast_adapters.cluster_lifespan import running
from gatecast_adapters.in_process_relay import InProcessRelay
from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

pytestmark = pytest.mark.anyio

ALICE = AccountId(UUID(int=1))
LAPTOP = TokenHash("laptop")
TOKEN = ApiTokenId("token")
HELLO = notification("hello")
LOGOUT = AuditEvent(
    event_type=AuditEventType.LOGOUT, outcome="success", account_id=ALICE, token_hash=LAPTOP
)
SOMEBODY = ConnectionId(UUID(int=9))

POLICIES: Policies[ConnectionIdentity] = Policies()


@POLICIES.register("everyone")
def everyone(identity: ConnectionIdentity, message: object) -> bool:
    return True


@dataclass
class App:
    transport: MemoryTransport
    group: TransportGroup[ConnectionIdentity]
    cluster: Cluster[ConnectionIdentity]
    guard: RevocationGuard
    peer: MemoryHandle


@asynccontextmanager
async def app() -> AsyncGenerator[App]:
    transport = MemoryTransport()
    group = TransportGroup("all", transport)
    cluster = Cluster(InProcessRelay(), transport, policies=POLICIES)
    async with running(cluster):
        with anyio.fail_after(5):
            while not cluster.health().is_healthy:
                await anyio.lowlevel.checkpoint()
        peer = transport.connect(ConnectionIdentity(ALICE, LAPTOP))
        yield App(transport, group, cluster, RevocationGuard(sockets=[transport]), peer)


def anybody(identity: ConnectionIdentity) -> bool:
    return True


# The verb as the error names it, and the arguments to call it with.
CALLS: dict[str, tuple[object, ...]] = {
    "transport.admit": (),
    "transport.add_connection": (MemoryHandle(), ConnectionIdentity(ALICE)),
    "transport.remove_connection": (MemoryHandle(),),
    "transport.rotate_identity": (SOMEBODY, ConnectionIdentity(ALICE)),
    "transport.send": (HELLO,),
    "transport.broadcast": (HELLO,),
    "transport.broadcast_filtered": (HELLO, anybody),
    "transport.broadcast_spread": (HELLO,),
    "transport.send_by": (ACCOUNT, ALICE, HELLO),
    "transport.send_to_account": (ALICE, HELLO),
    "transport.send_to_connection": (SOMEBODY, HELLO),
    "transport.close_by": (ACCOUNT, ALICE),
    "transport.close_where": (anybody,),
    "transport.close_connection": (SOMEBODY,),
    "transport.close_sockets_for_session": (LAPTOP,),
    "transport.close_sockets_for_account": (ALICE,),
    "transport.close_sockets_for_token": (TOKEN,),
    "transport.revoke_session": (LAPTOP,),
    "transport.revoke_account": (ALICE,),
    "transport.revoke_token": (TOKEN,),
    "transport.drain": (),
    "transport.adapter.admit": (),
    "transport.adapter.let_in": (MemoryHandle(), ConnectionIdentity(ALICE), None),
    "transport.adapter.left": (MemoryHandle(),),
    "transport.adapter.end": (MemoryHandle(), Ending.IDLE),
    "transport.adapter.failed": (MemoryHandle(), ValueError("broken")),
    "transport.adapter.close_expired": (),
    "group.send": (HELLO,),
    "group.broadcast": (HELLO,),
    "group.broadcast_filtered": (HELLO, anybody),
    "group.send_to_account": (ALICE, HELLO),
    "group.close_sockets_for_session": (LAPTOP,),
    "group.close_sockets_for_account": (ALICE,),
    "group.close_sockets_for_token": (TOKEN,),
    "group.revoke_session": (LAPTOP,),
    "group.revoke_account": (ALICE,),
    "group.revoke_token": (TOKEN,),
    "group.revoke": (ACCOUNT, ALICE),
    "group.close_where": (anybody,),
    "cluster.broadcast": (HELLO,),
    "cluster.broadcast_filtered": (HELLO, everyone()),
    "cluster.send_by": (ACCOUNT, ALICE, HELLO),
    "cluster.send_to_account": (ALICE, HELLO),
    "cluster.close_sockets_for_session": (LAPTOP,),
    "cluster.close_sockets_for_account": (ALICE,),
    "cluster.close_sockets_for_token": (TOKEN,),
    "cluster.revoke_session": (LAPTOP,),
    "cluster.revoke_account": (ALICE,),
    "cluster.revoke_token": (TOKEN,),
    "cluster.revoke": (ACCOUNT, ALICE),
    "cluster.revoke_and_wait": (ACCOUNT, ALICE),
    "cluster.revoke_by_event": (LOGOUT,),
    "cluster.revoke_by_event_and_wait": (LOGOUT,),
    "guard": (LOGOUT,),
}
READERS = {
    "transport": {
        "transport_name",
        "adapter",
        "member",
        "is_ready",
        "is_draining",
        "get_connection_count",
        "get_connections",
        "connect",
        "serve",
    },
    "group": {"transport_name", "member", "is_ready", "get_connection_count"},
    "cluster": {"node_id", "run", "leave", "health"},
}
LETS_GO = {"transport.adapter.let_in"}
"""It needs an admission of the transport's own, so only what the error says is looked at."""


def found(served: App, call: str) -> Callable[..., Any]:
    target: Any = served
    for name in call.split("."):
        target = getattr(target, name)
    function: Callable[..., Any] = target
    return function


def advice(error: WrongThreadError, pattern: str) -> str:
    match = re.search(pattern, str(error))
    assert match, error
    return match[1]


def call_wrongly(function: Callable[..., Any], arguments: tuple[object, ...]) -> WrongThreadError:
    """Call it from this thread, as somebody does who has not read the page on threads."""

    def call() -> None:
        result: object = function(*arguments)
        if inspect.iscoroutine(result):
            asyncio.run(result)

    with pytest.raises(WrongThreadError) as raised:
        call()
    return raised.value


@pytest.mark.parametrize("owner", READERS)
def test_every_verb_is_in_the_table(owner: str) -> None:
    classes: dict[str, type] = {
        "transport": MemoryTransport,
        "group": TransportGroup,
        "cluster": Cluster,
    }
    public = {name for name in dir(classes[owner]) if not name.startswith("_")}
    listed = {call.split(".")[1] for call in CALLS if call.startswith(f"{owner}.")}
    assert public == (listed - {"adapter"}) | READERS[owner]


@pytest.mark.parametrize("call", CALLS)
async def test_the_advice_for_a_worker_thread_names_the_verb_and_works(call: str) -> None:
    async with app() as served:
        function, arguments = found(served, call), CALLS[call]

        def in_a_worker_thread() -> None:
            error = call_wrongly(function, arguments)
            runner = advice(error, r"call anyio\.from_thread\.(\w+)\(" + re.escape(call))
            if call not in LETS_GO:
                getattr(anyio.from_thread, runner)(function, *arguments)

        await anyio.to_thread.run_sync(in_a_worker_thread)


@pytest.mark.parametrize("call", CALLS)
async def test_the_advice_for_any_other_thread_names_the_verb_and_works(call: str) -> None:
    loop = asyncio.get_running_loop()
    errors: list[WrongThreadError] = []
    async with app() as served:
        function, arguments = found(served, call), CALLS[call]

        def in_a_thread() -> None:
            errors.append(call_wrongly(function, arguments))

        thread = threading.Thread(target=in_a_thread)
        thread.start()
        await anyio.to_thread.run_sync(thread.join, 5)
        (error,) = errors
        if call in LETS_GO:
            return
        if error.is_async:
            assert f"asyncio.run_coroutine_threadsafe({call}(...), loop)" in str(error)
            with anyio.fail_after(5):
                await asyncio.wrap_future(
                    await anyio.to_thread.run_sync(
                        lambda: asyncio.run_coroutine_threadsafe(function(*arguments), loop)
                    )
                )
        else:
            assert f"loop.call_soon_threadsafe({call}, ...)" in str(error)
            await anyio.to_thread.run_sync(lambda: loop.call_soon_threadsafe(function, *arguments))
            await anyio.lowlevel.checkpoint()


async def test_a_revocation_by_the_advice_closes_the_connection() -> None:
    async with app() as served:

        def logout() -> int:
            error = call_wrongly(served.group.close_sockets_for_session, (LAPTOP,))
            runner = advice(error, r"from_thread\.(\w+)\(group\.close_sockets_for_session")
            closed: int = getattr(anyio.from_thread, runner)(
                served.group.close_sockets_for_session, LAPTOP
            )
            return closed

        assert await anyio.to_thread.run_sync(logout) == 1
        assert served.peer.ending == Ending.REVOKED


# Starlette prefers the successor of httpx, which the other tests have no need of.
@pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")
def test_in_a_test_the_client_as_a_context_manager_keeps_to_one_thread() -> None:
    from fastapi.testclient import TestClient

    sockets = BackendWebsocketTransport()
    web = FastAPI()

    async def identify(websocket: object) -> ConnectionIdentity:
        return ConnectionIdentity(ALICE)

    @web.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await sockets.serve(websocket, identify=identify)

    @web.post("/say")
    async def say() -> int:
        return sockets.broadcast(HELLO)

    client: Any = TestClient(web)  # Its methods have annotations of httpx's successor.
    with (
        client.websocket_connect("/ws"),
        pytest.raises(WrongThreadError, match=r"`with TestClient\(app\) as client:`"),
    ):
        client.post("/say")
    served: Any = TestClient(web)
    with served as client, client.websocket_connect("/ws") as peer:
        assert client.post("/say").json() == 1
        assert peer.receive_json()["method"] == "hello"


async def test_in_a_sync_view_of_django_async_to_sync_leads_to_the_event_loop() -> None:
    from asgiref.sync import async_to_sync, sync_to_async

    async with app() as served:

        async def close() -> int:
            return served.transport.close_sockets_for_account(ALICE)

        def view() -> int:
            error = call_wrongly(served.transport.close_sockets_for_account, (ALICE,))
            assert "asgiref.sync.async_to_sync" in str(error)
            closed: int = async_to_sync(close)()
            return closed

        assert await sync_to_async(view, thread_sensitive=False)() == 1
