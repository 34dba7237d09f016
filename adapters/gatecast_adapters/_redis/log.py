"""The log in a Redis stream: entries that are chained, and what a reader makes of the replies.

Each entry names the position of the entry before it. An id alone would not do: a server that has
lost its data, or a replica that lagged when it took over, may give the same ids to other entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gatecast.errors import RelayGapError, RelayUnavailableError
from gatecast.ports.relay import Position, RelayBatch

__all__ = [
    "BEGINNING",
    "Reply",
    "StoredEntry",
    "entries_of_range",
    "entries_of_read",
    "follow",
    "id_of",
]

Reply: TypeAlias = "bytes | str | int | float | list[Reply] | dict[bytes, Reply] | None"
"""What Redis answers, in RESP2 or RESP3."""

BEGINNING = "0-0"
"""The id before every entry's."""

_POSITION = re.compile(r"(\d+-\d+)/[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry of the stream."""

    entry_id: str
    nonce: str
    """Made by the publisher; random, so that no two logs have it."""

    prev: str | None
    """The position of the entry before it; `None` if this is not an entry of ours."""

    data: bytes

    @property
    def position(self) -> Position:
        """The place just after this entry."""
        return Position(f"{self.entry_id}/{self.nonce}")

    def is_after(self, entry_id: str) -> bool:
        """Whether a reader at `entry_id` has yet to read this entry."""
        return _order(self.entry_id) > _order(entry_id)


def id_of(position: Position | None) -> str:
    """The id to read after. Raises `RelayGapError` for a position of another kind of log."""
    if position is None:
        return BEGINNING
    found = _POSITION.fullmatch(position)
    if found is None:
        raise RelayGapError(position)
    return found[1]


def follow(after: Position | None, entries: Sequence[StoredEntry]) -> RelayBatch:
    """Read `entries` from `after` on. Raises `RelayGapError` where the chain is broken."""
    position = after
    for entry in entries:
        if entry.prev is None or position not in (None, entry.prev):
            raise RelayGapError(position or BEGINNING)
        position = entry.position
    return RelayBatch(tuple(entry.data for entry in entries), position)


def entries_of_read(reply: Reply) -> list[StoredEntry]:
    """The entries in a reply to XREAD of one stream: of pairs in RESP2, a map in RESP3."""
    match reply:
        case None:
            return []
        case [[_, entries]]:
            return entries_of_range(entries)
        case dict() if len(reply) == 1:
            return entries_of_range(*reply.values())
        case _:
            raise _unexpected(reply)


def entries_of_range(reply: Reply) -> list[StoredEntry]:
    """The entries in a reply to XRANGE or XREVRANGE."""
    match reply:
        case [*entries]:
            return [_entry_of(entry) for entry in entries]
        case _:
            raise _unexpected(reply)


def _entry_of(reply: Reply) -> StoredEntry:
    match reply:
        case [
            bytes(entry_id),
            [b"prev", bytes(prev), b"nonce", bytes(nonce), b"data", bytes(data)],
        ]:
            return StoredEntry(entry_id.decode(), _text(nonce), _text(prev), data)
        case [bytes(entry_id), _]:
            return StoredEntry(entry_id.decode(), nonce="", prev=None, data=b"")
        case _:
            raise _unexpected(reply)


def _text(value: bytes) -> str:
    # What someone else wrote may be any bytes.
    return value.decode("ascii", "backslashreplace")


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


def _unexpected(reply: Reply) -> RelayUnavailableError:
    return RelayUnavailableError(f"unexpected reply from Redis: {reply!r:.100}")
