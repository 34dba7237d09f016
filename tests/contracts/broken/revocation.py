"""Adapters that revoke wrongly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from typing_extensions import override

from gatecast import (
    API_TOKEN,
    SESSION,
    AccountId,
    Admission,
    AdmissionRevokedError,
    ApiTokenId,
    Connection,
    ConnectionHandle,
    ConnectionId,
    ConnectionIdentity,
    Frame,
    JsonrpcMessageFromServerToClient,
    Predicate,
    TokenHash,
)
from gatecast.connections.drops import close_handle
from gatecast_adapters.memory import MemoryClose, MemoryHandle, MemoryTransport
from tests.contracts.broken.catalogue import breaks


def handles_of(
    transport: MemoryTransport, predicate: Predicate[ConnectionIdentity]
) -> list[MemoryHandle]:
    return [each.handle for each in transport.get_connections() if predicate(each.identity)]


@breaks("REV-1")
class ClosesSessionsAsIfDone(MemoryTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        return self.close_by(SESSION, token_hash, code=1000)


@breaks("REV-1")
class ClosesTokensWithoutAReason(MemoryTransport):
    @override
    def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        return self.close_by(API_TOKEN, api_token_id, reason="")


@breaks("REV-1")
class ClosesABystander(MemoryTransport):
    @override
    def close_sockets_for_account(self, account_id: AccountId) -> int:
        closed = super().close_sockets_for_account(account_id)
        for bystander in self.get_connections()[: min(closed, 1)]:
            self.close_connection(bystander.id)
        return closed


@breaks("REV-2", "LIF-2")
class FlushesBeforeItCloses(MemoryHandle):
    @override
    def close(self, code: int = 1000, reason: str = "") -> None:
        self.frames += self._outbox.pop_all()
        super().close(code, reason)


@breaks("REV-2")
class SendsToTheRevoked(MemoryTransport):
    def __init__(self, **options: Any) -> None:
        self._revoked: list[ConnectionHandle] = []
        super().__init__(**options)

    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        if token_hash:
            self._revoked += handles_of(self, lambda identity: identity.token_hash == token_hash)
        return super().close_sockets_for_session(token_hash)

    @override
    def close_sockets_for_account(self, account_id: AccountId) -> int:
        self._revoked += handles_of(self, lambda identity: identity.account_id == account_id)
        return super().close_sockets_for_account(account_id)

    @override
    def broadcast(self, message: JsonrpcMessageFromServerToClient) -> int:
        accepted = super().broadcast(message)
        for handle in self._revoked:
            if isinstance(handle, MemoryHandle):
                handle.frames.append(Frame(message))
        return accepted


@breaks("REV-3")
class CountsAgain(MemoryTransport):
    def __init__(self, **options: Any) -> None:
        self._closed: dict[TokenHash, int] = {}
        super().__init__(**options)

    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        closed = super().close_sockets_for_session(token_hash)
        self._closed[token_hash] = closed or self._closed.get(token_hash, 0)
        return self._closed[token_hash]


@breaks("REV-4")
class TakesNoneForASession(MemoryTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        if not token_hash:
            return self.close_where(lambda each: each.token_hash is None)
        return super().close_sockets_for_session(token_hash)


@breaks("REV-4")
class TakesNoneForAToken(MemoryTransport):
    @override
    def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        if not api_token_id:
            return self.close_where(lambda each: each.api_token_id is None)
        return super().close_sockets_for_token(api_token_id)


@breaks("REV-5")
class StopsAtAFailedClose(MemoryTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        handles = handles_of(self, lambda identity: identity.token_hash == token_hash)
        if not token_hash or not handles:
            return super().close_sockets_for_session(token_hash)
        for handle in handles:
            self.remove_connection(handle)
        for handle in handles:
            handle.close(4001, "Session revoked")
        return len(handles)


@breaks("BRD-6")
class ClosesBeforeItRemoves(MemoryTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        handles = handles_of(self, lambda identity: identity.token_hash == token_hash)
        # Nobody's, for the check of the thread, which is sound.
        super().close_sockets_for_session(TokenHash("nobody"))
        if not token_hash or not handles:
            return super().close_sockets_for_session(token_hash)
        for handle in handles:
            close_handle(handle, 4001, "Session revoked")
        for handle in handles:
            self.remove_connection(handle)
        return len(handles)


@breaks("REV-6")
class ForgetsTheAdmission(MemoryTransport):
    @override
    def register(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> Connection[MemoryHandle, ConnectionIdentity]:
        return super().register(handle, identity)


@breaks("REV-6")
class RefusesAfterAnyRevocation(MemoryTransport):
    revoked = False

    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        self.revoked = True
        return super().close_sockets_for_session(token_hash)

    @override
    def register(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> Connection[MemoryHandle, ConnectionIdentity]:
        if admission is not None and self.revoked:
            raise AdmissionRevokedError
        return super().register(handle, identity, admission=admission)


@breaks("REV-6")
class RefusesWithAnotherCode(MemoryTransport):
    @override
    async def serve(
        self, *, identify: Callable[[], Awaitable[ConnectionIdentity | None]]
    ) -> MemoryHandle:
        handle = await super().serve(identify=identify)
        if handle.closed == (4001, "Session revoked"):
            handle.closed = MemoryClose(1008, "Refused")
        return handle


@breaks("REV-8", "REV-9")
class KeepsTheOldIdentity(MemoryTransport):
    @override
    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> bool:
        return True


@breaks("REV-8", "REV-9")
class ClosesToRotate(MemoryTransport):
    @override
    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> bool:
        return self.close_connection(connection_id)
