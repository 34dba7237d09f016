"""Quart: `uvicorn examples.any_asgi.quart_app:app` serves it."""

from quart import Quart, request

from examples.any_asgi.live import Live, log_out

quart = Quart(__name__)


@quart.post("/logout")
async def logout() -> str:
    """End the session of the caller."""
    return str(log_out(request.cookies["session"]))


app = Live(quart)
