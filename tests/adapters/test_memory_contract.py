"""The memory adapter keeps every promise, on both event loops."""

from tests.contracts.memory_contract import MemoryContract


class TestMemory(MemoryContract):
    pass


class TestMemoryOnTrio(MemoryContract):
    backend = "trio"
