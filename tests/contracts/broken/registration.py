"""Adapters that register wrongly."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from typing_extensions import override

from gatecast import Admission, ApiTokenId, Connection, ConnectionId, ConnectionIdentity
from gatecast_adapters.memory import MemoryHandle, MemoryTransport
from tests.contracts.broken.catalogue import breaks


@breaks("REG-1")
class BeginsIdsAnewWhenEmpty(MemoryTransport):
    def __init__(self, **options: Any) -> None:
        self._numbers = count()
        super().__init__(new_id=self._next_id, **options)

    def _next_id(self) -> UUID:
        if not self.is_ready():
            self._numbers = count()
        return UUID(int=next(self._numbers))


class RegistersInItsOwnWay(MemoryTransport):
    """What the next ones have in common."""

    @override
    def register(
        self,
        handle: MemoryHandle,
        identity: ConnectionIdentity,
        *,
        admission: Admission[ConnectionIdentity] | None = None,
    ) -> Connection[MemoryHandle, ConnectionIdentity]:
        return super().register(self.cleared(handle), self.changed(identity), admission=admission)

    def cleared(self, handle: MemoryHandle) -> MemoryHandle:
        return handle

    def changed(self, identity: ConnectionIdentity) -> ConnectionIdentity:
        return identity


@breaks("REG-1")
class CopiesTheIdentity(RegistersInItsOwnWay):
    @override
    def changed(self, identity: ConnectionIdentity) -> ConnectionIdentity:
        return replace(identity)


@breaks("REG-1", "BRD-1")
class InventsAnApiToken(RegistersInItsOwnWay):
    @override
    def changed(self, identity: ConnectionIdentity) -> ConnectionIdentity:
        if identity.token_hash is None:
            return identity
        return replace(identity, api_token_id=ApiTokenId("invented"))


@breaks("REG-2")
class ReplacesADuplicate(RegistersInItsOwnWay):
    @override
    def cleared(self, handle: MemoryHandle) -> MemoryHandle:
        super().remove_connection(handle)
        return handle


@breaks("REG-1")
class TellsAnotherId(MemoryTransport):
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
class ClosesWhatItRemoves(MemoryTransport):
    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        super().remove_connection(handle)
        handle.close(1000, "")


@breaks("REG-3")
class RemovesOnlyOnce(MemoryTransport):
    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        known = handle in [connection.handle for connection in self.get_connections()]
        super().remove_connection(handle)
        if not known:
            raise LookupError(handle)


@breaks("REG-3", "LIF-1")
class RemembersWhoWasHere(MemoryTransport):
    def __init__(self, **options: Any) -> None:
        self._gone: list[ConnectionIdentity] = []
        super().__init__(**options)

    @override
    def remove_connection(self, handle: MemoryHandle) -> None:
        self._gone += [each.identity for each in self.get_connections() if each.handle is handle]
        super().remove_connection(handle)


@breaks("REG-4")
class IsAlwaysReady(MemoryTransport):
    @override
    def is_ready(self) -> bool:
        return True
