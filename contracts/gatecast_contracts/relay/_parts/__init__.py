"""The tests of the suite for relays, one module for each group of promises."""
