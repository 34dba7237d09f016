"""One node of the demo in a process of its own, on a socket that it inherits."""

from __future__ import annotations

import argparse
import socket
from contextlib import suppress
from pathlib import Path

from examples.cluster_demo.app import ClusterDemo, Setup
from examples.demo.server import DemoServer


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser()
    for name in ("name", "redis_port", "database", "other_url", "listener"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    setup = Setup(
        arguments.name, int(arguments.redis_port), Path(arguments.database), arguments.other_url
    )
    with suppress(KeyboardInterrupt), socket.socket(fileno=int(arguments.listener)) as listener:
        DemoServer(ClusterDemo(setup)).run(sockets=[listener])


if __name__ == "__main__":
    main()
