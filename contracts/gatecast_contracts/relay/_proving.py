"""What binds a test to a promise of relays: the decorator `proves_of_relay`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from gatecast_contracts._proof import Proof, Test, make_test
from gatecast_contracts.capabilities import RelayCapability
from gatecast_contracts.promises import RELAY_PROMISES, get_promise
from gatecast_contracts.relay._rig import RelayRig

__all__ = ["proves_of_relay"]


def proves_of_relay(
    promise_id: str, *, needs: RelayCapability | None = None
) -> Callable[[Callable[[Any, RelayRig], Coroutine[object, object, None]]], Test]:
    """As `proves`, for a relay: the coroutine takes a `RelayRig`."""
    promise = get_promise(promise_id, RELAY_PROMISES)
    return lambda body: make_test(Proof(promise, needs, RelayRig, body))
