"""The example of pages of another origin, behind a real uvicorn."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from examples import other_origins as example
from tests.examples.connecting import open_socket, open_stream
from tests.support.uvicorn_server import serving

pytestmark = pytest.mark.anyio

QUERY = f"?account={UUID(int=1)}"


@pytest.mark.parametrize("origin", ["https://app.example.com", "the server's own", None])
async def test_a_page_that_may_connect_does(origin: str | None) -> None:
    async with serving(example.app) as server:
        named = server.http_url if origin == "the server's own" else origin
        headers = {} if named is None else {"Origin": named}
        async with (
            open_socket(f"{server.http_url}/websocket{QUERY}", headers),
            open_stream(f"{server.http_url}/sse{QUERY}", headers),
        ):
            pass


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "http://app.example.com", "https://example.com", "null"]
)
async def test_any_other_page_is_refused_before_it_is_identified(origin: str) -> None:
    async with serving(example.app) as server, httpx.AsyncClient(trust_env=False) as http:
        headers = {"Origin": origin}
        with pytest.raises(InvalidStatus, match="403"):
            async with open_socket(f"{server.http_url}/websocket{QUERY}", headers):
                pass
        answer = await http.get(f"{server.http_url}/sse{QUERY}", headers=headers)
        assert answer.status_code == 403
