"""The guard takes whatever can revoke, and events whose ids cannot be mixed up."""

from typing import assert_type

from gatecast import (
    AccountId,
    AuditEvent,
    AuditEventType,
    RevocationGuard,
    TokenHash,
    TransportGroup,
)
from gatecast_adapters.memory import MemoryTransport
from gatecast_adapters.starlette_sse import BackendSseTransport
from tests.typing.samples import Device


class Plain:
    """Something that revokes nothing."""


def transports_of_any_identity_and_groups_are_guarded(
    devices: MemoryTransport[Device],
    streams: BackendSseTransport,
    group: TransportGroup[Device],
    event: AuditEvent,
) -> None:
    guard = RevocationGuard(sockets=[devices, group], streams=(streams,))
    assert_type(guard(event), int)
    RevocationGuard(sockets=[Plain()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def ids_of_an_event_are_not_mixed_up(account_id: AccountId, token_hash: TokenHash) -> None:
    event_type = AuditEventType.SESSION_REVOKED
    AuditEvent(event_type=event_type, outcome="success", token_hash=token_hash)
    AuditEvent(event_type=event_type, outcome="success", api_token_id=token_hash)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AuditEvent(event_type=event_type, outcome="success", token_hash=account_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AuditEvent(event_type=event_type, outcome="perhaps")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AuditEvent(event_type="login", outcome="success")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
