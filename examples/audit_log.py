"""An audit log, and a guard that turns its events into closed connections."""

# --8<-- [start:wiring]
from uuid import UUID

from fastapi import BackgroundTasks, FastAPI, Request, Response, WebSocket
from starlette.requests import HTTPConnection

from gatecast import (
    AccountId,
    AuditEvent,
    AuditEventType,
    ConnectionIdentity,
    RevocationGuard,
    TokenHash,
)
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport

app = FastAPI()
sockets = BackendWebsocketTransport()
streams = BackendSseTransport[ConnectionIdentity]()
guard = RevocationGuard(sockets=[sockets], streams=[streams])
# --8<-- [end:wiring]


# --8<-- [start:log]
class AuditLog:
    """Stands for the app's own: an event counts once its transaction is committed."""

    def __init__(self) -> None:
        self._uncommitted: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        """Write `event` within the transaction."""
        self._uncommitted.append(event)

    def rollback(self) -> None:
        """Discard the events of this transaction."""
        self._uncommitted.clear()

    def commit(self) -> list[AuditEvent]:
        """Commit, and return the events for the guard."""
        committed, self._uncommitted = self._uncommitted, []
        return committed


audit_log = AuditLog()


@app.post("/password/{account_id}", status_code=204)
async def change_password(account_id: UUID, background: BackgroundTasks) -> None:
    """Change a password, which closes every connection of the account."""
    event = AuditEvent(
        event_type=AuditEventType.PASSWORD_CHANGED,
        outcome="success",
        account_id=AccountId(account_id),
    )
    audit_log.record(event)
    background.add_task(close_what_ended, audit_log.commit())


async def close_what_ended(events: list[AuditEvent]) -> None:
    """Close connections after the response. Async: Starlette runs plain functions in a thread."""
    for event in events:
        guard(event)


# --8<-- [end:log]


async def identify(connection: HTTPConnection) -> ConnectionIdentity | None:
    """Take everything from the address: this example is about events, not about credentials."""
    query = connection.query_params
    return ConnectionIdentity(AccountId(UUID(query["account"])), TokenHash(query["session"]))


@app.websocket("/websocket")
async def websocket(websocket: WebSocket) -> None:
    """Serve one socket."""
    await sockets.serve(websocket, identify=identify)


@app.get("/sse")
async def sse(request: Request) -> Response:
    """Serve one stream."""
    return streams.serve(request, identify=identify)
