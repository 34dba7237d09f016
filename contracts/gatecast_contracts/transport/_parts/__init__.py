"""The tests of the suite for adapters, one module for each group of promises."""
