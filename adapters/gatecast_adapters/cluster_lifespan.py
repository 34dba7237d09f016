"""Keeping a cluster's node running for as long as an app is. Extra: `gatecast[redis]`.

The node follows the relay's log in a task of its own, on asyncio or trio.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

from gatecast.cluster.cluster import Cluster
from gatecast.errors import RelayError
from gatecast_adapters._extras import requires_extra

with requires_extra("redis"):
    import anyio

__all__ = ["running"]

TIdentity = TypeVar("TIdentity")

_logger = logging.getLogger("gatecast")


@asynccontextmanager
async def running(cluster: Cluster[TIdentity], *, farewell: float = 1.0) -> AsyncGenerator[None]:
    """Follow the log while the block runs; use it in the lifespan of an app.

        async with running(cluster):
            yield

    It does not wait for the relay: without one the app starts, and admits nobody until it is there.
    When the block ends, the connections that are left are closed with 1012, and the other nodes are
    notified within `farewell` seconds not to wait for this one.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cluster.run)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
    with anyio.move_on_after(farewell, shield=True):
        try:
            await cluster.leave()
        except RelayError as error:
            # They find out by themselves: its beats are missing.
            _logger.info("the other nodes could not be notified that this one leaves: %s", error)
