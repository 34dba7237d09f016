"""Servers under test as processes of their own."""

import json
import time

from benchmarks.case import Subject
from benchmarks.processes import SECONDS_TO_ANSWER, Answer, ModuleProcess, NoAnswerError


class ServerProcess(ModuleProcess):
    """One server under test, in a process of its own."""

    def __init__(self, subject: Subject, *arguments: str) -> None:
        size = str(subject.load.message_bytes)
        super().__init__(subject.program, "--message-bytes", size, *subject.arguments, *arguments)
        self.port = int(self.read()["port"])

    def stats(self, seconds: float = SECONDS_TO_ANSWER) -> Answer:
        """Ask for CPU time, resident memory and the number of connections.

        Raises:
            NoAnswerError: no answer within `seconds`, for example since a broadcast is stuck.
        """
        self.write(json.dumps({"verb": "stats"}))
        return self.read(seconds)

    def send(self, first: int, count: int, groups: int) -> None:
        """Have `count` messages sent in a row; does not wait."""
        command = {"verb": "send", "first": first, "count": count, "groups": groups}
        self.write(json.dumps(command))

    def wait_for_connections(self, count: int) -> None:
        """Wait until the application has registered `count` connections.

        Raises:
            NoAnswerError: they did not come within a minute.
        """
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while int(self.stats()["connections"]) != count:
            if time.monotonic() > deadline:
                raise NoAnswerError(f"the server does not see {count} connections")
            time.sleep(0.05)
