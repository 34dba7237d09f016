"""Adapters that register wrongly."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from typing_extensions import override

from gatecast import Admission, ApiTokenId, ConnectionId, ConnectionIdentity, Ending
from gatecast_adapters.memory import MemoryHandle
from tests.contracts.broken.catalogue import breaks
from tests.contracts.broken.sound import SoundHandle, SoundTransport


@breaks("REG-1")
class BeginsIdsAnewWhenEmpty(SoundTransport):
    def __init__(self, **options: Any) -> None:
        self._numbers = count()
        super().__init__(new_id=self._next_id, **options)

    def _next_id(self) -> UUID:
        if not self.is_ready():
            self._numbers = count()
        return UUID(int=next(self._numbers))


class ChangesTheIdentity(SoundTransport):
    """What the next ones have in common."""

    @override
    def add_connection(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> ConnectionId:
        return super().add_connection(handle, self.changed(identity), admission=admission)

    @override
    def let_in(
        self,
        handle: SoundHandle,
        identity: ConnectionIdentity,
        admission: Admission[ConnectionIdentity],
    ) -> None:
        super().let_in(handle, self.changed(identity), admission)

    def changed(self, identity: ConnectionIdentity) -> ConnectionIdentity:
        raise NotImplementedError


@breaks("REG-1")
class CopiesTheIdentity(ChangesTheIdentity):
    @override
    def changed(self, identity: ConnectionIdentity) -> ConnectionIdentity:
        return replace(identity)


@breaks("REG-1", "BRD-1")
class InventsAnApiToken(ChangesTheIdentity):
    @override
    def changed(self, identity: ConnectionIdentity) -> ConnectionIdentity:
        if identity.token_hash is None:
            return identity
        return replace(identity, api_token_id=ApiTokenId("invented"))


@breaks("REG-2")
class ReplacesADuplicate(SoundTransport):
    @override
    def add_connection(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> ConnectionId:
        super().remove_connection(handle)
        return super().add_connection(handle, identity, admission=admission)


@breaks("REG-1")
class TellsAnotherId(SoundTransport):
    @override
    def add_connection(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> ConnectionId:
        super().add_connection(handle, identity, admission=admission)
        return ConnectionId(uuid4())


@breaks("REG-3")
class ClosesWhatItRemoves(SoundTransport):
    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        super().remove_connection(handle)
        handle.close(Ending.by_app())


@breaks("REG-3")
class RemovesOnlyOnce(SoundTransport):
    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        known = handle in [connection.handle for connection in self.get_connections()]
        super().remove_connection(handle)
        if not known:
            raise LookupError(handle)


@breaks("REG-3", "LIF-1")
class RemembersWhoWasHere(SoundTransport):
    def __init__(self, **options: Any) -> None:
        self._gone: list[ConnectionIdentity] = []
        super().__init__(**options)

    @override
    def forget(self, handle: MemoryHandle) -> None:
        self.remove_connection(handle)

    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        self._gone += [each.identity for each in self.get_connections() if each.handle is handle]
        super().remove_connection(handle)


@breaks("REG-4")
class IsAlwaysReady(SoundTransport):
    @override
    def is_ready(self) -> bool:
        return True
