"""How long it takes from a call in one process to its effect in another one.

What a connection receives is dated by the kernel, when it comes to the client's socket. Until this
process is woken and has read it, another 50 µs go by, which are those of the measuring.
"""

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import zip_longest
from statistics import median
from typing import Final

from benchmarks.case import Metric, Sample, Subject
from benchmarks.measures import take_turns
from benchmarks.processes import SECONDS_TO_ANSWER, BenchmarkError, ModuleProcess
from benchmarks.redis_process import RedisProcess
from benchmarks.result import SubjectResult, Subjects

_P99: Final = 0.99

_REQUEST: Final = (
    "GET /?connection={number} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_SO_TIMESTAMPNS: Final = 35
"""Have the kernel say when it received data: `socket(7)`. Python has no name for it."""

_TIMESTAMP: Final = struct.Struct("@ll")
"""Seconds and nanoseconds since the epoch."""

_CLOSE_4001: Final = bytes((0x88, 2 + len("Session revoked"))) + (4001).to_bytes(2)


def measure(subjects: Subjects, rounds: int) -> None:
    """Run both processes of every subject side by side; subjects take turns, call by call."""
    with ExitStack() as stack:
        pairs = [_Pair(subject, result, stack) for subject, result in subjects]
        for round_number in range(rounds + 1):
            # The first one is the warm-up.
            take_turns([pair.measure(counted=round_number > 0) for pair in pairs])


class _Pair:
    """A sender and a receiver with a Redis between them."""

    def __init__(self, subject: Subject, result: SubjectResult, stack: ExitStack) -> None:
        self._count = subject.load.messages
        self._result = result
        redis = stack.enter_context(RedisProcess())
        arguments = (*subject.arguments, "--redis", str(redis.port))
        self._sender = stack.enter_context(ModuleProcess(subject.program, *arguments))
        self._receiver = stack.enter_context(
            ModuleProcess(subject.program, *arguments, "--receive")
        )
        self._port = int(self._receiver.read()["number"])
        self._next = 1

    def measure(self, *, counted: bool) -> Iterator[None]:
        """Run one round; yields after each call."""
        numbers = range(self._next, self._next + self._count)
        self._next += self._count
        with ExitStack() as stack:
            # All before the first one is sent, so that no handshake is in its way.
            connections = [self._connect(number, stack) for number in numbers if self._port]
            milliseconds: list[float] = []
            for number, connection in zip_longest(numbers, connections):
                milliseconds.append(self._once(number, connection) / 1e6)
                yield
        if counted:
            self._result.samples.append(_sample(sorted(milliseconds)))

    def _connect(self, number: int, stack: ExitStack) -> socket.socket:
        address = ("127.0.0.1", self._port)
        connection = stack.enter_context(socket.create_connection(address, SECONDS_TO_ANSWER))
        connection.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        connection.sendall(_REQUEST.format(number=number).encode())
        _expect(connection, b"HTTP/1.1 101 ")
        return connection

    def _once(self, number: int, connection: socket.socket | None) -> int:
        self._sender.write(str(number))
        if connection is None:
            arrived = int(self._receiver.read()["number"])
        else:
            arrived = _date_of(_expect(connection, _CLOSE_4001))
        return arrived - int(self._sender.read()["number"])


def _sample(milliseconds: Sequence[float]) -> Sample:
    p99 = milliseconds[int((len(milliseconds) - 1) * _P99)]
    return {Metric.ACROSS: median(milliseconds), Metric.P99: p99}


def _expect(connection: socket.socket, start: bytes) -> list[tuple[int, int, bytes]]:
    """Receive `start`; returns what the kernel says about it."""
    received, said, *_ = connection.recvmsg(4096, socket.CMSG_SPACE(_TIMESTAMP.size))
    if not received.startswith(start):
        raise BenchmarkError(f"expected {start!r}, not {received[:100]!r}")
    return said


def _date_of(said: list[tuple[int, int, bytes]]) -> int:
    """When something came, in nanoseconds of the monotonic clock."""
    if not said:
        raise BenchmarkError("the kernel does not say when data came")
    seconds: int
    nanoseconds: int
    seconds, nanoseconds = _TIMESTAMP.unpack(said[0][2])
    age = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
    return time.monotonic_ns() - age
