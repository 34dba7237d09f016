"""What the endpoints answer after a verb of the cluster, or instead."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from gatecast import Receipt
from gatecast.errors import (
    RelayUnavailableError,
    RevocationNotDurableError,
)


def published() -> Response:
    """It is in the log. How many connections it reaches, only each node knows of its own."""
    return JSONResponse({"outcome": "to all nodes"})


def applied(receipt: Receipt) -> Response:
    """What became of a revocation, node by node."""
    late = f", {len(receipt.unanswered)} did not answer" if receipt.unanswered else ""
    outcome = f"{receipt.total} closed on {len(receipt.closed)} nodes{late}"
    return JSONResponse({"outcome": outcome})


async def not_published(_: Request, error: Exception) -> Response:
    """Redis did not confirm a message in time."""
    return JSONResponse({"outcome": "not confirmed", "detail": str(error)}, 503)


async def not_durable(_: Request, error: Exception) -> Response:
    """The connections of this node are closed; those of the others at the end of their lease."""
    return JSONResponse({"outcome": "closed here only", "detail": str(error)}, 503)


ERRORS: Final[dict[object, ExceptionHandler]] = {
    RelayUnavailableError: not_published,
    RevocationNotDurableError: not_durable,
}
