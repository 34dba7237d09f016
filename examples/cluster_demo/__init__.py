"""The demo as a cluster: two processes that serve the same page, and a Redis.

`python -m examples.cluster_demo` serves it, and stops and starts its Redis at the press of a key;
`--check` plays a scenario with real clients of both nodes and compares the outcome.
"""
