"""Adapters that revoke wrongly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from typing_extensions import override

from gatecast import (
    API_TOKEN,
    SESSION,
    AccountId,
    Admission,
    ApiTokenId,
    ConnectionId,
    ConnectionIdentity,
    Ending,
    JsonrpcMessageFromServerToClient,
    Predicate,
    TokenHash,
)
from gatecast.ports import ConnectionHandle, Frame
from gatecast_adapters.memory import MemoryClose, MemoryHandle
from tests.contracts.broken.catalogue import breaks
from tests.contracts.broken.sound import GOODBYE, SoundHandle, SoundTransport


def handles_of(
    transport: SoundTransport, predicate: Predicate[ConnectionIdentity]
) -> list[MemoryHandle]:
    return [each.handle for each in transport.get_connections() if predicate(each.identity)]


@breaks("REV-1")
class ClosesSessionsAsIfDone(SoundTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        return self.close_by(SESSION, token_hash, code=1000)


@breaks("REV-1")
class ClosesTokensWithoutAReason(SoundTransport):
    @override
    def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        return self.close_by(API_TOKEN, api_token_id, reason="")


@breaks("REV-1")
class ClosesABystander(SoundTransport):
    @override
    def close_sockets_for_account(self, account_id: AccountId) -> int:
        closed = super().close_sockets_for_account(account_id)
        for bystander in self.get_connections()[: min(closed, 1)]:
            self.close_connection(bystander.id)
        return closed


@breaks("REV-2", "LIF-2")
class FlushesBeforeItCloses(SoundHandle):
    @override
    def close(self, ending: Ending = GOODBYE) -> None:
        if not self.vanished:
            self.resume()
        super().close(ending)


@breaks("REV-2")
class SendsToTheRevoked(SoundTransport):
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
    def broadcast(
        self, message: JsonrpcMessageFromServerToClient, *, exclude: ConnectionId | None = None
    ) -> int:
        accepted = super().broadcast(message, exclude=exclude)
        for handle in self._revoked:
            if isinstance(handle, MemoryHandle):
                handle.frames.append(Frame(message))
        return accepted


@breaks("REV-3")
class CountsAgain(SoundTransport):
    def __init__(self, **options: Any) -> None:
        self._closed: dict[TokenHash, int] = {}
        super().__init__(**options)

    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        closed = super().close_sockets_for_session(token_hash)
        self._closed[token_hash] = closed or self._closed.get(token_hash, 0)
        return self._closed[token_hash]


@breaks("REV-4")
class TakesNoneForASession(SoundTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        if not token_hash:
            return self.close_where(lambda each: each.token_hash is None)
        return super().close_sockets_for_session(token_hash)


@breaks("REV-4")
class TakesNoneForAToken(SoundTransport):
    @override
    def close_sockets_for_token(self, api_token_id: ApiTokenId) -> int:
        if not api_token_id:
            return self.close_where(lambda each: each.api_token_id is None)
        return super().close_sockets_for_token(api_token_id)


@breaks("REV-5")
class StopsAtAFailedClose(SoundTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        handles = handles_of(self, lambda identity: identity.token_hash == token_hash)
        if not token_hash or not handles:
            return super().close_sockets_for_session(token_hash)
        for handle in handles:
            self.remove_connection(handle)
        for handle in handles:
            handle.close(Ending.REVOKED)
        return len(handles)


@breaks("BRD-6")
class ClosesBeforeItRemoves(SoundTransport):
    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        handles = handles_of(self, lambda identity: identity.token_hash == token_hash)
        # Nobody's, for the check of the thread, which is sound.
        super().close_sockets_for_session(TokenHash("nobody"))
        if not token_hash or not handles:
            return super().close_sockets_for_session(token_hash)
        for handle in handles:
            with suppress(RuntimeError):
                handle.close(Ending.REVOKED)
        for handle in handles:
            self.remove_connection(handle)
        return len(handles)


@breaks("REV-6")
class ForgetsTheAdmission(SoundTransport):
    """It opens one when the credential has been checked."""

    @override
    def let_in(
        self,
        handle: SoundHandle,
        identity: ConnectionIdentity,
        admission: Admission[ConnectionIdentity],
    ) -> None:
        super().let_in(handle, identity, self.adapter.admit())


@breaks("REV-6")
class RefusesAfterAnyRevocation(SoundTransport):
    revoked = False

    @override
    def close_sockets_for_session(self, token_hash: TokenHash) -> int:
        self.revoked = True
        return super().close_sockets_for_session(token_hash)

    @override
    def let_in(
        self,
        handle: SoundHandle,
        identity: ConnectionIdentity,
        admission: Admission[ConnectionIdentity],
    ) -> None:
        if self.revoked:
            handle.close(Ending.REVOKED)
        else:
            super().let_in(handle, identity, admission)


@breaks("REV-6")
class RefusesWithAnotherCode(SoundTransport):
    @override
    async def serve(
        self, *, identify: Callable[[], Awaitable[ConnectionIdentity | None]]
    ) -> SoundHandle:
        handle = await super().serve(identify=identify)
        if handle.closed == (4001, "Session revoked"):
            handle.closed = MemoryClose(1008, "Refused")
        return handle


@breaks("REV-8", "REV-9")
class KeepsTheOldIdentity(SoundTransport):
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
class ClosesToRotate(SoundTransport):
    @override
    def rotate_identity(
        self,
        connection_id: ConnectionId,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> bool:
        return self.close_connection(connection_id)
