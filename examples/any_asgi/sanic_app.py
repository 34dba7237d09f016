"""Sanic: `uvicorn examples.any_asgi.sanic_app:app` serves it."""

from sanic import HTTPResponse, Request, Sanic, text

from examples.any_asgi.live import Live, log_out

sanic = Sanic("live")


@sanic.post("/logout")
async def logout(request: Request) -> HTTPResponse:
    """End the session of the caller."""
    return text(str(log_out(request.cookies.get("session") or "")))


app = Live(sanic)
