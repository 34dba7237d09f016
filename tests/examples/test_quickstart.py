"""The README's example, behind a real uvicorn."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from examples import quickstart
from gatecast import (
    AccountId,
    TokenHash,
)
from tests.examples.connecting import cookie, open_socket, open_stream
from tests.packages import ROOT
from tests.support.clients import Close
from tests.support.uvicorn_server import serving
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

READER = str(UUID(int=1))
REVOKED = Close(4001, "Session revoked")


@pytest.fixture(autouse=True)
def sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a second session, of another account; what a test does to them is undone."""
    second = {TokenHash(sha256(b"second").hexdigest()): AccountId(UUID(int=2))}
    monkeypatch.setattr(quickstart, "sessions", quickstart.sessions | second)


async def request(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: object = None
) -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        return await http.request(method, url, headers=headers, json=body)


def test_the_readme_shows_it_as_it_is() -> None:
    source = Path(quickstart.__file__).read_text(encoding="utf-8")
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    assert source.split('"""\n\n', maxsplit=1)[1] in shown


async def test_an_announcement_reaches_its_readers_over_both_transports() -> None:
    async with (
        serving(quickstart.app) as server,
        open_socket(f"{server.http_url}/websocket", cookie("secret")) as socket,
        open_stream(f"{server.http_url}/sse", cookie("secret")) as stream,
        open_socket(f"{server.http_url}/websocket", cookie("second")) as bystander,
    ):
        answer = await request("POST", f"{server.http_url}/announce?text=one", body=[READER])
        assert answer.json() == 2
        message = {"jsonrpc": "2.0", "method": "announced", "params": {"text": "one"}}
        assert await socket.receive() == message
        assert (await stream.event()).json() == message
        await request("POST", f"{server.http_url}/logout", cookie("second"))
        assert await bystander.closed() == REVOKED


async def test_a_logout_closes_both_and_lets_nobody_in_again() -> None:
    session = cookie("secret")
    async with (
        serving(quickstart.app) as server,
        open_socket(f"{server.http_url}/websocket", session) as socket,
        open_stream(f"{server.http_url}/sse", session) as stream,
    ):
        assert (await request("POST", f"{server.http_url}/logout", session)).json() == 2
        assert await socket.closed() == REVOKED
        assert await stream.closed() == REVOKED
        with pytest.raises(InvalidStatus, match="401"):
            async with open_socket(f"{server.http_url}/websocket", session):
                pass
        assert (await request("GET", f"{server.http_url}/sse", session)).status_code == 401


async def test_a_stranger_is_refused() -> None:
    async with serving(quickstart.app) as server:
        assert (await request("GET", f"{server.http_url}/sse")).status_code == 401
