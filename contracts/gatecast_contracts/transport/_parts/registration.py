"""Registration: who is in the registry, and under which id."""

from __future__ import annotations

import gc
import weakref
from typing import Generic, TypeVar
from uuid import UUID

from gatecast.errors import DuplicateHandleError
from gatecast.messages.frame import Frame
from gatecast_contracts._checks import raised_by
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import (
    ALICE_LAPTOP,
    ALICE_PHONE,
    BOB_LAPTOP,
    LAST,
    ephemeral,
    message,
    session_of,
)

__all__ = ["Registration"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class Registration(Generic[TIdentity]):
    """REG-1 to REG-4."""

    @proves("REG-1")
    async def test_an_id_is_never_used_again(self, rig: Rig[TIdentity]) -> None:
        handles = [ScriptedHandle() for _ in range(3)]
        ids = [rig.register(handle, ALICE_LAPTOP) for handle in handles]
        for handle in handles:
            rig.transport.remove_connection(handle)
        ids += [rig.register(handle, ALICE_LAPTOP) for handle in handles]
        assert len(set(ids)) == 6, ids

    @proves("REG-1")
    async def test_the_id_is_the_one_under_which_the_connection_is_listed(
        self, rig: Rig[TIdentity]
    ) -> None:
        connection_id = rig.register(ScriptedHandle(), ALICE_LAPTOP)
        assert [each.id for each in rig.transport.get_connections()] == [connection_id]

    @proves("REG-1")
    async def test_the_identity_is_kept_as_given(self, rig: Rig[TIdentity]) -> None:
        identity = rig.make_identity(ALICE_LAPTOP)
        rig.transport.add_connection(ScriptedHandle(), identity)
        (connection,) = rig.transport.get_connections()
        assert connection.identity is identity

    @proves("REG-1")
    async def test_a_peer_is_registered_as_who_it_was_identified_as(
        self, rig: Rig[TIdentity]
    ) -> None:
        await rig.connect(ALICE_LAPTOP)
        (connection,) = rig.transport.get_connections()
        assert connection.identity == rig.make_identity(ALICE_LAPTOP)

    @proves("REG-2")
    async def test_a_handle_can_not_be_registered_twice(self, rig: Rig[TIdentity]) -> None:
        handle = ScriptedHandle()
        rig.register(handle, ALICE_LAPTOP)
        (before,) = rig.transport.get_connections()
        connection_id, identity = before.id, before.identity
        raised_by(DuplicateHandleError, lambda: rig.register(handle, BOB_LAPTOP))
        (after,) = rig.transport.get_connections()
        assert (after.id, after.identity) == (connection_id, identity)
        assert rig.transport.close_sockets_for_session(session_of(BOB_LAPTOP)) == 0
        assert rig.transport.broadcast(message(1)) == 1
        assert len(handle.sent) == 1

    @proves("REG-3")
    async def test_removing_a_handle_again_does_nothing(self, rig: Rig[TIdentity]) -> None:
        gone, left = ScriptedHandle(), ScriptedHandle()
        rig.register(gone, ALICE_LAPTOP)
        rig.register(left, ALICE_LAPTOP)
        for _ in range(2):
            rig.transport.remove_connection(gone)
            assert [each.handle for each in rig.transport.get_connections()] == [left]
        rig.transport.remove_connection(ScriptedHandle())
        assert [each.handle for each in rig.transport.get_connections()] == [left]

    @proves("REG-3")
    async def test_a_removed_peer_gets_nothing_and_is_not_closed(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        (connection,) = rig.transport.get_connections()
        rig.transport.remove_connection(connection.handle)
        assert rig.transport.broadcast(message(1)) == 0
        connection.handle.send(Frame(LAST))
        await peer.sees(LAST)

    @proves("REG-3")
    async def test_a_removed_connection_leaves_no_trace(self, rig: Rig[TIdentity]) -> None:
        traces = [trace for number in range(20) for trace in _add_and_remove(rig, number)]
        gc.collect()
        assert rig.transport.get_connection_count() == 0
        assert [trace() for trace in traces if trace() is not None] == []

    @proves("REG-4")
    async def test_the_count_is_that_of_the_registered(self, rig: Rig[TIdentity]) -> None:
        handle = ScriptedHandle()
        assert (rig.transport.get_connection_count(), rig.transport.is_ready()) == (0, False)
        await rig.connect(ALICE_LAPTOP)
        assert (rig.transport.get_connection_count(), rig.transport.is_ready()) == (1, True)
        rig.register(handle, ALICE_PHONE)
        assert (rig.transport.get_connection_count(), rig.transport.is_ready()) == (2, True)
        rig.transport.close_sockets_for_session(session_of(ALICE_LAPTOP))
        assert (rig.transport.get_connection_count(), rig.transport.is_ready()) == (1, True)
        rig.transport.remove_connection(handle)
        assert (rig.transport.get_connection_count(), rig.transport.is_ready()) == (0, False)


def _add_and_remove(
    rig: Rig[TIdentity], number: int
) -> tuple[weakref.ref[UUID], weakref.ref[ScriptedHandle]]:
    who, handle = ephemeral(number), ScriptedHandle()
    rig.register(handle, who)
    rig.transport.remove_connection(handle)
    # An identity need not allow weak references, but the account id that it holds does.
    return weakref.ref(who.account_id), weakref.ref(handle)
