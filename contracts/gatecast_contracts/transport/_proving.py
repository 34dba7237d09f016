"""What binds a test to a promise of adapters: the decorator `proves`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatecast.ports.outbox import OutboxLimits
from gatecast_contracts._proof import Body, Proof, Test, make_test
from gatecast_contracts.capabilities import Capability
from gatecast_contracts.promises import get_promise
from gatecast_contracts.transport._adapter import Hooks
from gatecast_contracts.transport._rig import Rig

__all__ = ["proves"]


def proves(
    promise_id: str,
    *,
    needs: Capability | None = None,
    limits: OutboxLimits = OutboxLimits(),  # noqa: B008  # frozen
    close_timeout: float = 5.0,
) -> Callable[[Body], Test]:
    """Make a test of a coroutine that takes a rig, and bind it to a promise.

    `limits` and `close_timeout` are handed to the adapter. Raises `UnknownPromiseError` where it is
    applied.
    """
    promise = get_promise(promise_id)

    # Any: the identities of whichever adapter the test is run for.
    def set_up(hooks: Hooks[Any]) -> Rig[Any]:
        return Rig(hooks, limits, close_timeout)

    return lambda body: make_test(Proof(promise, needs, set_up, body))
