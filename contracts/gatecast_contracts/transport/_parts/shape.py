"""Shape: what a transport looks like to an app, and from which thread it may be called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from anyio import from_thread, to_thread

from gatecast.errors import WrongThreadError
from gatecast.ports.transport import is_filterable_broadcast_transport
from gatecast_contracts._checks import raised_by
from gatecast_contracts.transport._adapter import ContractIdentity
from gatecast_contracts.transport._handles import ScriptedHandle
from gatecast_contracts.transport._proving import proves
from gatecast_contracts.transport._rig import Rig
from gatecast_contracts.transport._samples import ALICE, ALICE_LAPTOP, LAST, message, session_of

__all__ = ["Shape"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class _WithoutTheVerb:
    """A transport to one peer, which has nothing to filter."""

    transport_name = "without the verb"
    broadcast_filtered = None

    async def send(self, message: object) -> None:
        pass

    def is_ready(self) -> bool:
        return True


class Shape(Generic[TIdentity]):
    """SHP-1 and SHP-2."""

    @proves("SHP-1")
    async def test_the_guard_tells_a_filterable_transport_from_another(
        self, rig: Rig[TIdentity]
    ) -> None:
        assert is_filterable_broadcast_transport(rig.transport)
        assert not is_filterable_broadcast_transport(_WithoutTheVerb())
        assert not is_filterable_broadcast_transport(object())

    @proves("SHP-2")
    async def test_a_call_from_another_thread_is_refused_and_names_the_way(
        self, rig: Rig[TIdentity]
    ) -> None:
        peer = await rig.connect(ALICE_LAPTOP)
        for call in _calls(rig):
            error = await to_thread.run_sync(raised_by, WrongThreadError, call)
            assert "from_thread" in str(error)
        assert rig.transport.broadcast(LAST) == 1
        await peer.sees(LAST)

    @proves("SHP-2")
    async def test_the_way_from_another_thread_works(self, rig: Rig[TIdentity]) -> None:
        peer = await rig.connect(ALICE_LAPTOP)

        def in_a_worker_thread() -> int:
            return from_thread.run_sync(rig.transport.broadcast, LAST)

        assert await to_thread.run_sync(in_a_worker_thread) == 1
        await peer.sees(LAST)


def _calls(rig: Rig[TIdentity]) -> list[Callable[[], object]]:
    transport, session = rig.transport, session_of(ALICE_LAPTOP)
    return [
        lambda: rig.register(ScriptedHandle(), ALICE_LAPTOP),
        lambda: transport.remove_connection(ScriptedHandle()),
        lambda: transport.broadcast(message(1)),
        lambda: transport.broadcast_filtered(message(1), lambda _: True),
        lambda: transport.send_to_account(ALICE, message(1)),
        lambda: transport.close_sockets_for_session(session),
        lambda: transport.close_sockets_for_account(ALICE),
        lambda: transport.close_where(lambda _: True),
    ]
