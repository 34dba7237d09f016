"""The message that every benchmark sends: a JSON-RPC notification of a fixed size."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from benchmarks.case import Protocol

METHOD: Final = "benchmark.tick"

# The load generator knows these widths too (`load/load.h`).
_SEQUENCE_WIDTH: Final = 10
_SENT_AT_WIDTH: Final = 19


@dataclass(frozen=True)
class Message:
    """One notification; `sent_at` is in nanoseconds of the monotonic clock that processes share."""

    sequence: int
    sent_at: int
    padding: str

    @cached_property
    def params(self) -> dict[str, str]:
        """Numbers as digits with leading zeros, so that all messages have the same size."""
        return {
            "sequence": f"{self.sequence:0{_SEQUENCE_WIDTH}}",
            "sent_at": f"{self.sent_at:0{_SENT_AT_WIDTH}}",
            "padding": self.padding,
        }

    @cached_property
    def members(self) -> dict[str, object]:
        """The message as an object."""
        return {"jsonrpc": "2.0", "method": METHOD, "params": self.params}

    @cached_property
    def text(self) -> str:
        """The message as it goes over the wire."""
        return json.dumps(self.members, separators=(",", ":"))


@dataclass(frozen=True)
class Template:
    """What the load generator compares messages with, and where the two numbers are in it."""

    body: str
    sequence_at: int
    sent_at_at: int


def padding_for(size: int) -> str:
    """Returns the padding that makes a message `size` bytes long.

    Raises:
        ValueError: a message cannot be that short.
    """
    room = size - len(Message(0, 0, "").text)
    if room < 0:
        raise ValueError(f"a message takes at least {size - room} bytes, not {size}")
    return "x" * room


def template_for(size: int, protocol: Protocol) -> Template:
    """Returns the template of all messages of `size` bytes, as they arrive."""
    body = Message(0, 0, padding_for(size)).text
    if protocol is Protocol.SOCKET_IO:
        body = f'42["{METHOD}",{body}]'
    return Template(body, _value_at(body, "sequence"), _value_at(body, "sent_at"))


def _value_at(body: str, key: str) -> int:
    marker = f'"{key}":"'
    return body.index(marker) + len(marker)
