"""The command line of the demo as a cluster; `--help` explains it."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress

import anyio

from examples.cluster_demo.app import LEASE
from examples.cluster_demo.check import check
from examples.cluster_demo.processes import RedisServer, running

STARTED = "Redis runs. Press Enter to stop it; Ctrl-C ends the demo."
STOPPED = (
    f"Redis is stopped. In {LEASE:g} seconds at most the nodes close their connections with 1012.\n"
    "Press Enter to start it again."
)


def main() -> int:
    """Run the demo, or check it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.cluster_demo",
        description="Serve Gatecast's demo as a cluster on 127.0.0.1, or check it.",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="of the first node; default: 8000, or any free one"
    )
    parser.add_argument(
        "--check", action="store_true", help="play the scenario with real clients and compare"
    )
    arguments = parser.parse_args()
    if arguments.check:
        return 1 if anyio.run(check) else 0
    return serve(arguments.port)


def serve(port: int) -> int:
    """Serve the demo until Ctrl-C."""
    with suppress(KeyboardInterrupt), running((port, port + 1 if port else 0)) as processes:
        for url in processes.urls:
            print(f"Gatecast demo, one node: {url}")
        print(STARTED, flush=True)
        for _ in sys.stdin:
            toggle(processes.redis)
        threading.Event().wait()  # There is no terminal.
    print("\nStopped.")
    return 0


def toggle(redis: RedisServer) -> None:
    """Stop Redis if it runs, else start it."""
    if redis.is_running:
        redis.stop()
        print(STOPPED, flush=True)
    else:
        redis.start()
        print(STARTED, flush=True)


if __name__ == "__main__":
    sys.exit(main())
