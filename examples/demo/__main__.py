"""The demo's command line; `--help` explains it."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

import anyio

from examples.demo.app import Demo
from examples.demo.check import check
from examples.demo.server import DemoServer, listen, url_of


def main() -> int:
    """Run the demo, or check it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="Serve Gatecast's demo on 127.0.0.1, or check it.",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="default: 8000; any free one if it is taken"
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
    listener = listen(port)
    print(f"Gatecast demo: {url_of(listener)}\nCtrl-C stops it.", flush=True)
    with suppress(KeyboardInterrupt):
        DemoServer(Demo()).run(sockets=[listener])
    print("\nStopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
