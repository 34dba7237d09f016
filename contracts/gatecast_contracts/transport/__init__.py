"""The contract suite for adapters."""
