"""Metrics for Prometheus: an observer that counts what happens to connections.

`uvicorn examples.prometheus_observer:app` serves it; `/metrics` has the figures.
"""

from uuid import UUID

from fastapi import FastAPI, Request, Response, WebSocket

# --8<-- [start:observer]
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import HTTPConnection

from gatecast import (
    AccountId,
    ClusterReport,
    ConnectionIdentity,
    Ended,
    Observation,
    Opened,
    Refused,
    Revoked,
    Sent,
    TokenHash,
    notification,
)
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

registry = CollectorRegistry()
OPEN = Gauge("gatecast_connections", "Open now", ["transport"], registry=registry)
LASTED = Histogram(
    "gatecast_connection_seconds",
    "How long connections lasted, by why they ended",
    ["transport", "cause"],
    buckets=[1, 10, 60, 600, 3_600, 36_000],
    registry=registry,
)
REFUSED = Counter(
    "gatecast_refused", "Not admitted", ["transport", "cause", "status"], registry=registry
)
MESSAGES = Counter("gatecast_messages", "Sent by the app", ["transport"], registry=registry)
DELIVERIES = Counter("gatecast_deliveries", "Accepted by handles", ["transport"], registry=registry)
BYTES = Counter("gatecast_sent_bytes", "Accepted by handles", ["transport"], registry=registry)
REVOKED = Counter(
    "gatecast_revoked", "Connections closed", ["transport", "index"], registry=registry
)
REPORTS = Counter("gatecast_node_reports", "Of the cluster's node", ["kind"], registry=registry)


def observe(event: Observation[ConnectionIdentity]) -> None:
    """Count one event. No label has an id in it: Prometheus keeps a series for each value."""
    match event:
        case Opened():
            OPEN.labels(event.transport).inc()
        case Ended():
            OPEN.labels(event.transport).dec()
            LASTED.labels(event.transport, event.ending.cause).observe(event.seconds)
        case Refused():
            REFUSED.labels(event.transport, event.ending.cause, event.status).inc()
        case Sent():
            MESSAGES.labels(event.transport).inc()
            DELIVERIES.labels(event.transport).inc(event.accepted)
            BYTES.labels(event.transport).inc(event.accepted * event.size)
        case Revoked():
            REVOKED.labels(event.transport, event.index).inc(event.closed)
        case ClusterReport():
            REPORTS.labels(event.kind).inc()
        case _:
            pass  # A drop is an `Ended` as well, and later versions may have more events.


sockets = BackendWebsocketTransport(observer=observe)
streams = BackendSseTransport[ConnectionIdentity](observer=observe)
app = FastAPI()


@app.get("/metrics")
async def metrics() -> Response:
    """What Prometheus scrapes. A real app serves it on a port that is not public."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


# --8<-- [end:observer]


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Take everything from the address: this example is about metrics, not about credentials."""
    query = connection.query_params
    if "account" not in query:
        return None
    return ConnectionIdentity(AccountId(UUID(query["account"])), TokenHash(query["session"]))


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket."""
    await sockets.serve(websocket, identify=identify)


@app.get("/sse")
async def sse(request: Request) -> Response:
    """Serve one stream."""
    return streams.serve(request, identify=identify)


@app.post("/announce")
async def announce(text: str) -> int:
    """Send to everyone."""
    message = notification("announced", {"text": text})
    return sockets.broadcast(message) + streams.broadcast(message)


@app.post("/logout/{session}")
async def logout(session: str) -> int:
    """End a session."""
    token_hash = TokenHash(session)
    return sockets.revoke_session(token_hash) + streams.revoke_session(token_hash)
