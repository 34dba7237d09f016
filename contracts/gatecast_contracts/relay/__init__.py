"""The contract suite for relays."""
