"""Streams of Starlette behind uvicorn keep every promise, in place and by the writer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from starlette.requests import Request

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_contracts import (
    Capabilities,
    Capability,
    LiveAdapter,
    ServeOptions,
    TransportContract,
)
from tests.support.apps import stream_app
from tests.support.stream_far_end import connecting
from tests.support.uvicorn_server import serving


class StarletteSseContract(TransportContract[SseIdentity], abstract=True):
    http: ClassVar[str]
    in_place: ClassVar[bool] = True

    capabilities = Capabilities(
        declined={Capability.SESSIONLESS: "a stream is always opened under a session"}
    )

    @asynccontextmanager
    async def serve(
        self, options: ServeOptions[SseIdentity]
    ) -> AsyncGenerator[LiveAdapter[SseIdentity]]:
        async def identify(request: Request) -> SseIdentity | None:
            return await options.identify(request.query_params["as"])

        transport = BackendSseTransport(
            limits=options.limits,
            close_timeout=options.close_timeout,
            **options.for_transport,
            in_place=self.in_place,
        )
        async with (
            serving(stream_app(transport, identify=identify), http=self.http) as server,
            connecting(server.port) as connect,
        ):
            yield LiveAdapter(transport, connect)

    def make_identity(self, who: ConnectionIdentity) -> SseIdentity:
        assert who.token_hash is not None, "a stream is always opened under a session"
        return SseIdentity(who.account_id, who.token_hash, expires_at=who.expires_at)


class TestHttptools(StarletteSseContract):
    http = "httptools"


@pytest.mark.all
class TestHttptoolsByWriter(StarletteSseContract):
    http = "httptools"
    in_place = False


@pytest.mark.all
class TestH11(StarletteSseContract):
    http = "h11"


@pytest.mark.all
class TestH11ByWriter(StarletteSseContract):
    http = "h11"
    in_place = False
