"""The base of every contract of a relay: an author's hook, and the decorator of its tests."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

from gatecast_contracts.capabilities import Capabilities, RelayCapability
from gatecast_contracts.definition import BaseContract
from gatecast_contracts.promises import RELAY_PROMISES, get_promise
from gatecast_contracts.proof import Proof, make_test
from gatecast_contracts.relay._rig import RelayRig
from gatecast_contracts.relay.log import RelayLog

__all__ = ["BaseRelayContract", "proves_of_relay"]


class BaseRelayContract(BaseContract, abstract=True):
    """A set of tests of a relay."""

    backlog_size: ClassVar[int] = 2048
    """How many entries are more than one read returns (RLY-6)."""

    capabilities: ClassVar[Capabilities[RelayCapability]] = Capabilities()
    """What the relay declines, with reasons."""

    @abstractmethod
    def open_log(self) -> AbstractAsyncContextManager[RelayLog]:
        """Make a new log that is empty; when it is left, remove it and close its relay objects.

        Every test enters it once, and one has two logs at the same time.
        """
        raise NotImplementedError


def proves_of_relay(
    promise_id: str, *, needs: RelayCapability | None = None
) -> Callable[[Callable[[Any, RelayRig], Coroutine[object, object, None]]], Callable[[Any], None]]:
    """As `proves`, for a relay: the coroutine takes a `RelayRig`."""
    promise = get_promise(promise_id, RELAY_PROMISES)
    return lambda body: make_test(Proof(promise, needs, RelayRig, body))
