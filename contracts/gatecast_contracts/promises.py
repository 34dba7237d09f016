"""The manifests: every promise that an adapter or a relay gives, as one sentence with an id.

The contract suites have a test for every promise here, and no test without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gatecast.errors import UsageError

__all__ = ["PROMISES", "RELAY_PROMISES", "Promise", "UnknownPromiseError", "get_promise"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that every adapter does, or every relay."""

    id: str
    """Group and number; it never changes and is never given to another promise."""

    sentence: str

    source: str
    """Who demands it: Gatecast, or a section of a standard as well."""

    def __str__(self) -> str:
        return f"{self.id}: {self.sentence}"


class UnknownPromiseError(UsageError, LookupError):
    """An id that is in no manifest."""

    def __init__(self, promise_id: str) -> None:
        self.promise_id = promise_id
        super().__init__(f"there is no promise {promise_id!r}; see gatecast_contracts.promises")


_OURS = "Gatecast"

_MANIFEST: Final = (
    Promise(
        "REG-1",
        "every `add_connection` returns an id never used before; the identity is kept as given",
        _OURS,
    ),
    Promise(
        "REG-2",
        "adding a handle that is already registered raises, and changes nothing",
        _OURS,
    ),
    Promise(
        "REG-3",
        "`remove_connection` is idempotent, never closes the handle, and leaves no trace: no map, "
        "index or task grows with connections that have gone",
        _OURS,
    ),
    Promise(
        "REG-4",
        '`is_ready` is "at least one connection"; `get_connection_count` counts what is registered',
        _OURS,
    ),
    Promise(
        "BRD-1",
        "`broadcast_filtered` reaches exactly the connections whose identity satisfies the "
        "predicate and returns how many handles accepted the message",
        _OURS,
    ),
    Promise(
        "BRD-2",
        "a message is serialised once, however many receive it, and all get the same bytes",
        _OURS,
    ),
    Promise("BRD-3", "per connection, messages arrive in the order of the calls", _OURS),
    Promise(
        "BRD-4",
        "a handle that raises is not counted, does not stop the others, and is dropped from the "
        "registry",
        _OURS,
    ),
    Promise(
        "BRD-5",
        'a predicate that raises means "no" for that connection: fail closed, logged once per '
        "broadcast, others go on",
        _OURS,
    ),
    Promise(
        "BRD-6",
        "predicates, sends and closes may call back into the transport; nothing is skipped, sent "
        "twice or blown up",
        _OURS,
    ),
    Promise(
        "BRD-7",
        "`send(notification)` reaches everyone; `send(request)` reaches no one and returns a "
        "JSON-RPC error response (-32603) that carries the request's id",
        f"{_OURS}; JSON-RPC 2.0 section 5.1",
    ),
    Promise(
        "BRD-8",
        "`send_to_account` equals the filtered broadcast for that account, at O(matches)",
        _OURS,
    ),
    Promise(
        "BRD-9",
        "`exclude` leaves out exactly that connection, on every verb that takes it",
        _OURS,
    ),
    Promise(
        "REV-1",
        "each `close_sockets_for_*` closes exactly the matching connections, with 4001 and "
        '"Session revoked", and returns how many',
        f"{_OURS}; RFC 6455 section 7.4.2",
    ),
    Promise(
        "REV-2",
        "once a revocation has returned, no later message reaches the revoked connections, and "
        "nothing still queued in our process is handed to the server",
        _OURS,
    ),
    Promise(
        "REV-3",
        "revoking is idempotent: the same call again returns 0; a revoked connection no longer "
        "matches anything",
        _OURS,
    ),
    Promise(
        "REV-4",
        "`None` never matches: a connection without a token hash or token id is reachable by "
        "account only",
        _OURS,
    ),
    Promise(
        "REV-5",
        "with N connections of one identity, all N are closed, whatever one of them raises",
        _OURS,
    ),
    Promise(
        "REV-6",
        "a revocation that lands during an admission is not missed: the connection is refused "
        "with 4001 and receives nothing",
        _OURS,
    ),
    Promise(
        "REV-7",
        "revoking never waits for a peer; one that has stopped reading times out at a deadline, "
        "and its task ends",
        _OURS,
    ),
    Promise(
        "REV-8",
        "a connection whose credential has an expiry is closed at that time, by the same path",
        _OURS,
    ),
    Promise(
        "REV-9",
        "rotating a credential keeps the connection: the new key closes it, the old key no longer "
        "does",
        _OURS,
    ),
    Promise("BKP-1", "a peer that stops reading delays nobody else", _OURS),
    Promise(
        "BKP-2",
        "what waits for one connection is bounded in messages and in bytes; over the bound it is "
        "closed with 1013, dropped from the registry, and reported; nothing is lost silently",
        f"{_OURS}; IANA WebSocket Close Code Number Registry (1013)",
    ),
    Promise(
        "LIF-1",
        "a peer that vanishes is removed, and its task, queue and index entries with it",
        _OURS,
    ),
    Promise(
        "LIF-2",
        "draining refuses new connections, lets what is queued go out until a deadline, and closes "
        "with 1001",
        f"{_OURS}; RFC 6455 section 7.4.1",
    ),
    Promise(
        "LIF-3",
        "a close tells the peer code and reason, then the connection ends: where there are no "
        "close codes (SSE), in a final `close` event; a client that reconnects by itself is "
        "answered so that it stops",
        f"{_OURS}; WHATWG HTML section 9.2",
    ),
    Promise(
        "LIF-4",
        "a handle is closed with the cause of the ending, beside its code and its reason",
        _OURS,
    ),
    Promise(
        "OBS-1",
        "the observer is notified once of each connection that opens, ends or is refused, with the "
        "ending, and once of each message, drop and revocation on a transport",
        _OURS,
    ),
    Promise(
        "OBS-2",
        "an observer may call back and is never called within a call; what it raises is logged and "
        "harms nothing",
        _OURS,
    ),
    Promise(
        "SHP-1",
        "`is_filterable_broadcast_transport` is true for the adapter, and false for a transport "
        "without the verb",
        _OURS,
    ),
    Promise(
        "SHP-2",
        "calls from a thread other than the event loop's raise a clear error that names the way to "
        "do it",
        _OURS,
    ),
)

_RELAY_MANIFEST: Final = (
    Promise(
        "RLY-1",
        "what one relay object publishes is read in the order of the calls, also where they "
        "overlap; all readers see the entries of all writers in one order",
        _OURS,
    ),
    Promise(
        "RLY-2",
        "reading on from the position of any batch yields exactly what follows, once, also through "
        "another relay object on the log",
        _OURS,
    ),
    Promise(
        "RLY-3",
        "a read raises `RelayGapError` if an entry after its position was trimmed, or the "
        "position's log was lost, replaced, or is another; trimming what was read is no gap",
        _OURS,
    ),
    Promise(
        "RLY-4",
        "once `publish` has returned, every read from before the entry returns it at once, also "
        "one from `None` by a reader that starts later",
        _OURS,
    ),
    Promise(
        "RLY-5",
        "a read returns at once if there is an entry, else as soon as one comes, and without any "
        "after `wait`",
        _OURS,
    ),
    Promise(
        "RLY-6",
        "however far behind a reader is, it gets everything, in order, in batches of bounded size",
        _OURS,
    ),
    Promise(
        "RLY-7",
        "an entry is any bytes, none included, up to at least 8 MiB, and is read as it was "
        "published",
        _OURS,
    ),
    Promise(
        "RLY-8",
        "a cancelled read loses nothing, a cancelled `publish` no entry but its own, and the relay "
        "works on",
        _OURS,
    ),
    Promise(
        "RLY-9",
        "while the relay can't be reached, `publish` and `read` raise `RelayUnavailableError` "
        "within a bounded time; once it can, they go on with nothing lost",
        _OURS,
    ),
)


def _by_id(manifest: tuple[Promise, ...]) -> Mapping[str, Promise]:
    return MappingProxyType({promise.id: promise for promise in manifest})


PROMISES: Final = _by_id(_MANIFEST)
"""All promises of an adapter by id, in the order of the design."""

RELAY_PROMISES: Final = _by_id(_RELAY_MANIFEST)
"""All promises of a relay by id, in the order of the design."""


def get_promise(promise_id: str, manifest: Mapping[str, Promise] = PROMISES) -> Promise:
    """Return the promise with this id. Raises `UnknownPromiseError` if there is none."""
    try:
        return manifest[promise_id]
    except KeyError:
        raise UnknownPromiseError(promise_id) from None
