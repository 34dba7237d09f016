"""A contract class that would not test what it seems to test can't be defined."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from gatecast import ConnectionIdentity
from gatecast_contracts import (
    BrokenPromiseError,
    Capabilities,
    Capability,
    ContractDefinitionError,
    InvalidCapabilitiesError,
    LiveAdapter,
    RelayCapability,
    RelayContract,
    ServeOptions,
    TransportContract,
)
from gatecast_contracts.transport import Rig, proves
from tests.contracts.in_process_relay_contract import InProcessRelayContract
from tests.contracts.memory_contract import MemoryContract


def without_serve() -> type[object]:
    class Forgetful(TransportContract[ConnectionIdentity]):
        def make_identity(self, who: ConnectionIdentity) -> ConnectionIdentity:
            return who

    return Forgetful


def without_make_identity() -> type[object]:
    class Forgetful(TransportContract[ConnectionIdentity]):
        def serve(self, options: ServeOptions) -> AbstractAsyncContextManager[LiveAdapter]:
            raise NotImplementedError

    return Forgetful


def without_open_log() -> type[object]:
    class Forgetful(RelayContract):
        pass

    return Forgetful


def with_a_replaced_test() -> type[object]:
    class Replacing(MemoryContract):
        def test_a_message_is_serialised_once(self) -> None:
            pass

    return Replacing


def with_a_removed_test() -> type[object]:
    class Replacing(MemoryContract, abstract=True):
        test_a_message_is_serialised_once = None

    return Replacing


def with_a_test_replaced_by_another_base() -> type[object]:
    class Quiet:
        def test_a_message_is_serialised_once(self) -> None:
            pass

    class Replacing(Quiet, MemoryContract):
        pass

    return Replacing


def with_a_constructor() -> type[object]:
    class Constructed(MemoryContract):
        def __init__(self) -> None:
            pass

    return Constructed


class Again:
    @proves("BRD-6")
    async def test_a_send_may_broadcast(self, rig: Rig[ConnectionIdentity]) -> None:
        pass


def with_a_test_from_two_parts() -> type[object]:
    class Doubled(MemoryContract, parts=[Again]):
        pass

    return Doubled


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (without_serve, "Forgetful: serve is missing"),
        (without_make_identity, "Forgetful: make_identity is missing"),
        (without_open_log, "Forgetful: open_log is missing"),
        (with_a_constructor, r"Constructed: it can't have an __init__"),
        (with_a_test_from_two_parts, "Doubled: test_a_send_may_broadcast of Again is there"),
    ],
)
def test_a_contract_that_would_not_run_is_refused_and_named(
    define: Callable[[], type[object]], message: str
) -> None:
    with pytest.raises(ContractDefinitionError, match=message):
        define()


@pytest.mark.parametrize(
    "define",
    [with_a_replaced_test, with_a_removed_test, with_a_test_replaced_by_another_base],
)
def test_a_contract_that_replaces_a_test_is_refused_and_the_test_named(
    define: Callable[[], type[object]],
) -> None:
    message = "Replacing: test_a_message_is_serialised_once proves BRD-2 and can't be replaced"
    with pytest.raises(ContractDefinitionError, match=message):
        define()


def test_a_class_in_between_may_leave_hooks_open() -> None:
    class InBetween(TransportContract[ConnectionIdentity], abstract=True):
        pass

    assert InBetween.__test__ is False


def test_a_finished_contract_is_collected_whatever_it_says() -> None:
    class Finished(MemoryContract):
        __test__ = False

    assert Finished.__test__ is True


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_declining_takes_a_reason(reason: str) -> None:
    with pytest.raises(InvalidCapabilitiesError, match="reason"):
        Capabilities(declined={Capability.BACKPRESSURE: reason})
    with pytest.raises(InvalidCapabilitiesError, match="reason"):
        Capabilities(declined={RelayCapability.OUTAGE: reason})


def test_a_log_that_does_not_say_how_it_is_cut_off_is_told_what_to_do() -> None:
    class Undeclined(InProcessRelayContract, abstract=True):
        capabilities = Capabilities()

    name = "test_both_verbs_say_that_the_relay_can_not_be_reached"
    with pytest.raises(BrokenPromiseError, match="cut_off is missing; define it, or decline"):
        getattr(Undeclined(), name)()


def test_only_a_capability_can_be_declined() -> None:
    with pytest.raises(InvalidCapabilitiesError, match="REV-1"):
        # The type checkers refuse it, too.
        Capabilities(declined={"REV-1": "too hard"})  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
