"""Single requests to the examples, at whatever path and with whatever credential."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from tests.support.waiting import PATIENCE

__all__ = ["post"]


async def post(url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Send one request without a body."""
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        return await http.post(url, headers=headers)
