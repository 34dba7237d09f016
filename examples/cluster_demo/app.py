"""The demo's application as one node of a cluster.

Connections are served as in one process. What is sent and what is revoked goes over the cluster, so
it reaches the clients of every node.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import override

from examples.cluster_demo.answers import ERRORS, applied, published
from examples.cluster_demo.directory import SharedDirectory
from examples.demo.app import RULES, Demo, find, read_message
from examples.demo.directory import ACCOUNTS
from gatecast import (
    ACCOUNT,
    API_TOKEN,
    SESSION,
    CloseCode,
    Cluster,
    ConnectionIdentity,
    JsonrpcMessageFromServerToClient,
    Policies,
    Policy,
    Predicate,
)
from gatecast_adapters.cluster_lifespan import running
from gatecast_adapters.redis_streams import RedisStreamsRelay

LEASE: Final = 5.0
"""Seconds; half of the default, so that a spectator need not wait long."""

REDIS_TIMEOUT: Final = 1.0
"""Seconds that Redis has to answer."""

policies: Policies[ConnectionIdentity] = Policies()


def policy_of(name: str, rule: Predicate[ConnectionIdentity]) -> Policy[ConnectionIdentity, []]:
    """The rule `name` of the demo, under a name that all nodes know."""

    @policies.register(name)
    def policy(identity: ConnectionIdentity, _: JsonrpcMessageFromServerToClient) -> bool:
        return rule(identity)

    return policy


POLICIES: Final = {name: policy_of(name, rule) for name, rule in RULES.items()}


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings of a node."""

    name: str
    redis_port: int
    database: Path
    other_url: str
    """Where the page of the other node is."""


class ClusterDemo(Demo):
    """The demo over a cluster; its verbs take a round trip to Redis."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(SharedDirectory(setup.database))
        self.setup = setup
        # `Redis(...)` reconnects after an outage; `from_url` would need a `retry`.
        self.redis = Redis(port=setup.redis_port)
        self.cluster = Cluster(
            RedisStreamsRelay(self.redis, timeout=REDIS_TIMEOUT),
            *self.transports,
            lease=LEASE,
            policies=policies,
            node_name=setup.name,
        )
        self.app = Starlette(
            routes=[Route("/health", self.health), *self._routes()],
            exception_handlers=ERRORS,
            lifespan=self.lifespan,
        )

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        """Follow the log for as long as the app runs."""
        async with self.redis, running(self.cluster):
            yield

    # Messages

    @override
    async def send_to_everyone(self, request: Request) -> Response:
        await self.cluster.broadcast(await read_message(request, "everyone"))
        return published()

    @override
    async def send_to_account(self, request: Request) -> Response:
        account = find(ACCOUNTS, request)
        message = await read_message(request, account.label)
        await self.cluster.send_to_account(account.account_id, message)
        return published()

    @override
    async def send_by_rule(self, request: Request) -> Response:
        policy = find(POLICIES, request)
        message = await read_message(request, policy.name)
        await self.cluster.broadcast_filtered(message, policy())
        return published()

    # Revocations: first the directory, which all nodes share, then the open connections.

    @override
    async def revoke_session(self, request: Request) -> Response:
        session = find(self.directory.sessions, request)
        self.directory.revoke(session)
        return applied(await self.cluster.revoke_and_wait(SESSION, session.token_hash))

    @override
    async def revoke_token(self, request: Request) -> Response:
        api_token = find(self.directory.api_tokens, request)
        self.directory.revoke(api_token)
        return applied(await self.cluster.revoke_and_wait(API_TOKEN, api_token.id))

    @override
    async def revoke_account(self, request: Request) -> Response:
        account = find(ACCOUNTS, request)
        self.directory.revoke_account(account)
        return applied(await self.cluster.revoke_and_wait(ACCOUNT, account.account_id))

    # The page

    @override
    async def start_over(self, _: Request) -> Response:
        for account in ACCOUNTS.values():
            await self.cluster.revoke(
                ACCOUNT, account.account_id, code=CloseCode.NORMAL, reason="The demo starts over"
            )
        self.directory.start_over()
        return published()

    @override
    def describe(self) -> dict[str, object]:
        health = self.cluster.health()
        node: dict[str, object] = {
            "name": self.setup.name,
            "state": health.state,
            "age": health.age,
            "lease": LEASE,
            "nodes": len(health.live_nodes),
            "other": self.setup.other_url,
        }
        return {**super().describe(), "node": node}

    async def health(self, _: Request) -> Response:
        """200 while connections are admitted, else 503, as a load balancer needs it."""
        health = self.cluster.health()
        status = 200 if health.is_healthy else 503
        return JSONResponse({"state": health.state, "age": health.age}, status)
