"""What the core's own lookups cost, without a server.

    python -m benchmarks.core_costs VERB CONNECTIONS TRANSPORTS

Every member has three connections. A line on stdin runs one round of lookups, which is answered
with the CPU time and the number of matches.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gatecast.connections.transport import ConnectionTransport
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import notification
from gatecast.ports import Ending
from gatecast_adapters.event_loop import RUNTIME

_MATCHES: Final = 3
_LOOKUPS: Final = 3_000
_MESSAGE: Final = notification("benchmark.tick", {"value": 1})


@dataclass(frozen=True, slots=True)
class _Member:
    account_id: AccountId
    token_hash: TokenHash
    api_token_id: ApiTokenId


class _Handle:
    """A connection without a peer."""

    __slots__ = ()

    def send(self, frame: Frame) -> None:
        pass

    def close(self, ending: Ending) -> None:
        pass


_Transport = ConnectionTransport[_Handle, _Member]

_VERBS: Final[dict[str, Callable[[_Transport, _Member], int]]] = {
    "send_to_account": lambda to, member: to.send_to_account(member.account_id, _MESSAGE),
    "close_sockets_for_account": lambda to, member: to.close_sockets_for_account(member.account_id),
    "close_sockets_for_session": lambda to, member: to.close_sockets_for_session(member.token_hash),
    "close_sockets_for_token": lambda to, member: to.close_sockets_for_token(member.api_token_id),
}


class _Core:
    """Transports full of connections, and the verb that is measured on them."""

    def __init__(self, verb: str, connections: int, transports: int) -> None:
        self._verb = _VERBS[verb]
        self._closes = verb.startswith("close")
        members = [_member(number) for number in range(connections // _MATCHES)]
        self._registered = [
            (transport, member)
            for transport in [_Transport("core", runtime=RUNTIME) for _ in range(transports)]
            for member in members
        ]
        for transport, member in self._registered:
            _register(transport, member)

    def round(self) -> dict[str, int]:
        """Look members up in random order."""
        cpu_ns, remaining = 0, _LOOKUPS
        while remaining > 0:
            chosen = random.sample(self._registered, min(remaining, len(self._registered)))
            cpu_ns += self._lookups(chosen)
            remaining -= len(chosen)
        return {"cpu_ns": cpu_ns, "matches": _LOOKUPS * _MATCHES}

    def _lookups(self, chosen: list[tuple[_Transport, _Member]]) -> int:
        verb = self._verb
        before = time.process_time_ns()
        for transport, member in chosen:
            verb(transport, member)
        cpu_ns = time.process_time_ns() - before
        if self._closes:
            for transport, member in chosen:
                _register(transport, member)
        return cpu_ns


def _register(transport: _Transport, member: _Member) -> None:
    for _ in range(_MATCHES):
        transport.add_connection(_Handle(), member)


def _member(number: int) -> _Member:
    return _Member(
        AccountId(UUID(int=number)), TokenHash(f"session {number}"), ApiTokenId(f"token {number}")
    )


def main() -> None:
    """Run a round for each line on stdin."""
    verb, connections, transports = sys.argv[1:]
    core = _Core(verb, int(connections), int(transports))
    for _ in sys.stdin:
        print(json.dumps(core.round()), flush=True)


if __name__ == "__main__":
    main()
