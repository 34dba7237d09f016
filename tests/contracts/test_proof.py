"""What becomes of a test that passes, fails, or needs something that was declined."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
import trio

from gatecast import ConnectionIdentity
from gatecast_contracts import (
    BrokenPromiseError,
    Capabilities,
    Capability,
    LiveAdapter,
    RelayLog,
    ServeOptions,
)
from gatecast_contracts.relay import RelayRig, proves_of_relay
from gatecast_contracts.transport import Rig, proves
from tests.contracts.in_process_relay_contract import InProcessRelayContract
from tests.contracts.memory_contract import MemoryContract

DECLINED = Capabilities(declined={Capability.BACKPRESSURE: "the kernel has it all"})


class Probes(MemoryContract, abstract=True):
    patience = 0.01

    @proves("BKP-1")
    async def passes(self, rig: Rig[ConnectionIdentity]) -> None:
        pass

    @proves("BKP-1")
    async def asserts(self, rig: Rig[ConnectionIdentity]) -> None:
        assert rig.transport.get_connection_count() == 7

    @proves("BKP-1")
    async def raises(self, rig: Rig[ConnectionIdentity]) -> None:
        raise LookupError("nobody")

    @proves("BKP-1")
    async def waits(self, rig: Rig[ConnectionIdentity]) -> None:
        await rig.until(lambda: False, "doomsday")

    @proves("BKP-1", needs=Capability.BACKPRESSURE)
    async def needs_and_passes(self, rig: Rig[ConnectionIdentity]) -> None:
        pass

    @proves("BKP-1", needs=Capability.BACKPRESSURE)
    async def needs_and_fails(self, rig: Rig[ConnectionIdentity]) -> None:
        raise LookupError("nobody")


class Plain(Probes, abstract=True):
    pass


class Declining(Probes, abstract=True):
    capabilities = DECLINED


def test_an_assertion_that_fails_is_told_with_the_promise() -> None:
    with pytest.raises(AssertionError) as caught:
        Plain().asserts()
    message = str(caught.value)
    assert message.startswith("BKP-1: a peer that stops reading delays nobody else\n")
    assert "== 7" in message


def test_an_error_is_told_with_the_promise_and_is_the_cause() -> None:
    with pytest.raises(BrokenPromiseError) as caught:
        Plain().raises()
    assert str(caught.value).startswith("BKP-1: a peer that stops")
    assert str(caught.value).endswith("LookupError: nobody")
    assert isinstance(caught.value.__cause__, LookupError)


def test_a_wait_in_vain_is_told_with_what_it_was_for() -> None:
    with pytest.raises(AssertionError, match=r"waited 0\.01 s in vain for doomsday"):
        Plain().waits()


def test_a_declined_capability_that_does_not_work_is_an_expected_failure() -> None:
    with pytest.raises(pytest.xfail.Exception, match="the kernel has it all"):
        Declining().needs_and_fails()


def test_a_declined_capability_that_works_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"BKP-1(.|\n)*the kernel has it all.*it works"):
        Declining().needs_and_passes()


def test_what_was_not_declined_is_run() -> None:
    Plain().needs_and_passes()
    Declining().passes()
    with pytest.raises(BrokenPromiseError):
        Plain().needs_and_fails()
    with pytest.raises(AssertionError):
        Declining().asserts()


def test_a_failure_is_not_buried_in_the_group_of_the_authors_tasks() -> None:
    # The memory adapter has no tasks; this one has.
    from tests.contracts.broken.delivery import ServedByTasks

    class Failing(ServedByTasks, Probes, abstract=True):
        pass

    with pytest.raises(AssertionError, match="== 7"):
        Failing().asserts()


def test_a_failure_over_a_relay_is_not_buried_either() -> None:
    class Failing(InProcessRelayContract, abstract=True):
        @asynccontextmanager
        async def open_log(self) -> AsyncGenerator[RelayLog]:
            async with anyio.create_task_group(), super().open_log() as log:
                yield log

        @proves_of_relay("RLY-1")
        async def asserts(self, rig: RelayRig) -> None:
            user = await rig.connect()
            await user.publish(b"first")
            await user.sees(None, b"second")

    with pytest.raises(AssertionError, match=r"RLY-1(.|\n)*read \[b'first'\], not \[b'second'\]"):
        Failing().asserts()


def test_a_failure_comes_before_that_of_shutting_down() -> None:
    class Failing(Probes, abstract=True):
        @asynccontextmanager
        async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
            async with super().serve(options) as live:
                yield live
            raise OSError("still in use")

    with pytest.raises(AssertionError, match="== 7") as caught:
        Failing().asserts()
    assert "still in use" in str(caught.value.__notes__)
    with pytest.raises(BrokenPromiseError, match="still in use"):
        Failing().passes()


def test_a_hook_may_skip() -> None:
    class Skipping(Probes, abstract=True):
        @asynccontextmanager
        async def serve(self, options: ServeOptions) -> AsyncGenerator[LiveAdapter]:
            pytest.importorskip("no_such_server")
            async with super().serve(options) as live:
                yield live

    with pytest.raises(pytest.skip.Exception, match="no_such_server"):
        Skipping().passes()


def test_the_event_loop_is_the_one_that_the_contract_names() -> None:
    seen: list[bool] = []

    class OnTrio(MemoryContract, abstract=True):
        backend = "trio"

        @proves("BKP-1")
        async def looks(self, rig: Rig[ConnectionIdentity]) -> None:
            seen.append(trio.lowlevel.in_trio_run())

    OnTrio().looks()
    assert seen == [True]
