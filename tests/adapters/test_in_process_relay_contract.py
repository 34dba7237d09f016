"""The relay in memory keeps every promise, on both event loops."""

from tests.contracts.in_process_relay_contract import InProcessRelayContract


class TestInProcessRelay(InProcessRelayContract):
    pass


class TestInProcessRelayOnTrio(InProcessRelayContract):
    backend = "trio"
