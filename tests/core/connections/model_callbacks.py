"""What calls back from one transport: its handles, its `on_drop`, and predicates given to it."""

from __future__ import annotations

from functools import partial

from gatecast.errors import GatecastError
from gatecast.identity.predicate import Predicate
from gatecast.identity.types import ConnectionIdentity as Identity
from gatecast.ports.observer import DroppedConnection
from tests.core.connections.model_verbs import SLOTS, Deed, Rule
from tests.core.fakes import FakeHandle, World

Drop = DroppedConnection[Identity]


class Callbacks:
    """Notes what is called, in which order and when; each may do one more deed, once."""

    def __init__(self) -> None:
        self.world = World()
        self.handles = [self._handle(slot) for slot in range(SLOTS)]
        self.outcomes: list[object] = []
        self.callbacks: dict[object, Deed] = {}

    def _handle(self, slot: int) -> FakeHandle:
        called = partial(self._called, slot)
        return FakeHandle(on_send=partial(called, "send"), on_close=partial(called, "close"))

    def do(self, deed: Deed) -> None:
        """Do it, and note what came of it."""
        try:
            outcome: object = getattr(self, deed.verb)(*deed.arguments)
        except GatecastError as error:
            outcome = type(error)
        self.outcomes.append((deed, outcome))

    def break_handle(self, slot: int, error: Exception | None) -> None:
        self.handles[slot].error = error

    def break_close(self, slot: int, error: Exception | None) -> None:
        self.handles[slot].close_error = error

    def on_send(self, slot: int, deed: Deed) -> None:
        self.callbacks[slot, "send"] = deed

    def on_close(self, slot: int, deed: Deed) -> None:
        self.callbacks[slot, "close"] = deed

    def on_drop(self, deed: Deed) -> None:
        self.callbacks["drop"] = deed

    def _called(self, slot: int, method: str) -> None:
        self._call_back((slot, method))

    def dropped(self, drop: Drop) -> None:
        self.outcomes.append((drop.identity, drop.error))
        self._call_back("drop")

    def _call_back(self, caller: object) -> None:
        self.outcomes.append((caller, self.world.now))
        if caller in self.callbacks:
            self.do(self.callbacks.pop(caller))

    def predicate(self, rule: Rule) -> Predicate[Identity]:
        deeds = [rule.deed] if rule.deed is not None else []

        def predicate(identity: Identity) -> bool:
            while deeds:
                self.do(deeds.pop())
            if identity.token_hash == rule.doubtful:
                raise LookupError(rule.doubtful)
            return identity.token_hash in rule.sessions

        return predicate
