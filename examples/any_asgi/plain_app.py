"""No framework at all: `uvicorn examples.any_asgi.plain_app:app` serves it."""

from examples.any_asgi.live import Live, log_out
from gatecast_adapters.asgi import AsgiRequest, Receive, Scope, Send


async def logout(scope: Scope, _receive: Receive, send: Send) -> None:
    """End the session of the caller."""
    closed = log_out(AsgiRequest(scope).cookies["session"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(closed).encode()})


app = Live(logout)
