"""The servers under test, one file each, set up as their own documentation says.

Each runs as a process of its own: `python -m benchmarks.servers.NAME` (see `_server.py`).
"""
