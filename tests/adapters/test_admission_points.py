"""A revocation is not missed, at whatever point of the admission it comes (REV-6).

Each test goes through all points at which the serving of a connection waits, from the first one
until the connection is let in before the point is reached.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest
from anyio.lowlevel import checkpoint
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp
from websockets.exceptions import InvalidStatus

from gatecast.identity.types import ConnectionIdentity
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from tests.support.apps import stream_app, websocket_app
from tests.support.await_points import AwaitPoints, Moment, as_it_is, waiting_everywhere
from tests.support.clients import Close, StreamClient, WebsocketClient
from tests.support.people import ALICE, ALICE_SESSION, identify, identify_stream, is_alice, note
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quiet_log")]

TIdentity = TypeVar("TIdentity", ConnectionIdentity, SseIdentity)

Transport = BackendWebsocketTransport[ConnectionIdentity] | BackendSseTransport[SseIdentity]
Revoke = Callable[[Transport], int]

LET_IN = "let in"
REFUSED = 401
REVOKED = Close(4001, "Session revoked")


REVOCATIONS: dict[str, Revoke] = {
    "session": lambda transport: transport.close_sockets_for_session(ALICE_SESSION),
    "account": lambda transport: transport.close_sockets_for_account(ALICE),
    "predicate": lambda transport: transport.close_where(is_alice),
}


@pytest.fixture(params=REVOCATIONS.values(), ids=list(REVOCATIONS))
def revoke(request: pytest.FixtureRequest) -> Revoke:
    """The three kinds of revocation."""
    chosen: Revoke = request.param
    return chosen


@pytest.fixture(params=["suspending", "waking"])
def moment(request: pytest.FixtureRequest) -> Moment:
    """The two ends of a wait."""
    chosen: Moment = request.param
    return chosen


class Credential:
    """What `identify` looks at, as in a database: it takes time, and answers as of the middle."""

    def __init__(self) -> None:
        self.valid = True

    async def check(
        self,
        identify: Callable[[HTTPConnection], Awaitable[TIdentity | None]],
        connection: HTTPConnection,
    ) -> TIdentity | None:
        await checkpoint()
        answer = await identify(connection) if self.valid else None
        await checkpoint()
        return answer

    def revoke(self, transport: Transport, revoke: Revoke) -> None:
        """As an app does: first in its database, then on the transport."""
        self.valid = False
        revoke(transport)
        assert transport.broadcast(note(1)) == 0


# A revocation that was missed would leave `closed` waiting in vain. Past the registration it is
# chance whether a client is asked before or after the point, and both outcomes are right there.
async def socket_outcome(
    server: UvicornServer,
    transport: BackendWebsocketTransport[ConnectionIdentity],
    credential: Credential,
) -> object:
    try:
        async with WebsocketClient.to(server, "alice") as alice:
            await until(lambda: transport.is_ready() or not credential.valid, "an outcome")
            return LET_IN if credential.valid else await alice.closed()
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def stream_outcome(
    server: UvicornServer, transport: BackendSseTransport[SseIdentity], credential: Credential
) -> object:
    async with StreamClient.to(server, "alice") as alice:
        await until(lambda: transport.is_ready() or not credential.valid, "an outcome")
        if alice.response.status_code != 200:
            return alice.response.status_code
        return LET_IN if credential.valid else await alice.closed()


@pytest.mark.parametrize("surround", [as_it_is, waiting_everywhere])
async def test_a_revocation_is_not_missed_at_any_point_of_serving_a_websocket(
    ws: str, surround: Callable[[ASGIApp], ASGIApp], moment: Moment, revoke: Revoke
) -> None:
    outcomes: list[object] = []
    points = AwaitPoints(moment)
    while points.next():
        transport, credential = BackendWebsocketTransport(), Credential()
        app = websocket_app(transport, identify=partial(credential.check, identify))
        points.at_this_one(partial(credential.revoke, transport, revoke))
        async with serving(surround(points.within(app)), ws=ws) as server:
            outcomes.append(await socket_outcome(server, transport, credential))
    assert list(dict.fromkeys(outcomes)) == [REFUSED, REVOKED, LET_IN]


@pytest.mark.parametrize("surround", [as_it_is, waiting_everywhere])
async def test_a_revocation_is_not_missed_at_any_point_of_serving_a_stream(
    http: str, surround: Callable[[ASGIApp], ASGIApp], moment: Moment, revoke: Revoke
) -> None:
    outcomes: list[object] = []
    points = AwaitPoints(moment)
    while points.next():
        transport, credential = BackendSseTransport(), Credential()
        app = stream_app(transport, identify=partial(credential.check, identify_stream))
        points.at_this_one(partial(credential.revoke, transport, revoke))
        async with serving(surround(points.within(app)), http=http) as server:
            outcomes.append(await stream_outcome(server, transport, credential))
    assert list(dict.fromkeys(outcomes)) == [REFUSED, REVOKED, LET_IN]
