"""The example of an audit log, behind a real uvicorn."""

from __future__ import annotations

from uuid import UUID

import pytest

from examples import audit_log as example
from gatecast.connections.guard import AuditEvent, AuditEventType
from tests.examples.calling import post
from tests.examples.connecting import open_socket, open_stream
from tests.support.clients import Close
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

REVOKED = Close(4001, "Session revoked")


def url(server: UvicornServer, path: str, account: int) -> str:
    return f"{server.http_url}/{path}?account={UUID(int=account)}&session={account}"


async def test_a_new_password_closes_everything_of_that_account() -> None:
    async with (
        serving(example.app) as server,
        open_socket(url(server, "websocket", 1), {}) as socket,
        open_stream(url(server, "sse", 1), {}) as stream,
        open_socket(url(server, "websocket", 2), {}),
    ):
        answer = await post(f"{server.http_url}/password/{UUID(int=1)}")
        assert answer.status_code == 204
        assert [await socket.closed(), await stream.closed()] == [REVOKED, REVOKED]
        await until(lambda: example.sockets.get_connection_count() == 1, "the other one to be left")


def test_what_is_rolled_back_never_reaches_the_guard() -> None:
    log = example.AuditLog()
    log.record(AuditEvent(event_type=AuditEventType.LOGOUT, outcome="success"))
    log.rollback()
    assert log.commit() == []
