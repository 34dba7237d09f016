"""The page on servers says what the runs of the contract suite declare."""

from __future__ import annotations

import re
from typing import Any

from gatecast_contracts import Capability, TransportContract, proofs_of
from tests.adapters.asgi import test_granian_contract as granian
from tests.adapters.asgi import test_hypercorn_contract as hypercorn
from tests.adapters.asgi import test_starlette_sse_contract as sse
from tests.adapters.asgi import test_starlette_websocket_contract as websocket
from tests.adapters.native import test_picows_contract as picows
from tests.adapters.native import test_websockets_contract as websockets
from tests.packages import ROOT

# Any: the contracts are over identities of several types.
RUNS: dict[tuple[str, str], list[type[TransportContract[Any]]]] = {
    ("uvicorn, `websockets-sansio`", "WebSocket"): [
        websocket.TestSansio,
        websocket.TestSansioByWriter,
    ],
    ("uvicorn, `wsproto`", "WebSocket"): [websocket.TestWsproto, websocket.TestWsprotoByWriter],
    ("uvicorn, `httptools`", "stream"): [sse.TestHttptools, sse.TestHttptoolsByWriter],
    ("uvicorn, `h11`", "stream"): [sse.TestH11, sse.TestH11ByWriter],
    ("hypercorn, asyncio", "WebSocket"): [hypercorn.TestWebsocketOnAsyncio],
    ("hypercorn, asyncio", "stream"): [hypercorn.TestSseOnAsyncio],
    ("hypercorn, trio", "WebSocket"): [hypercorn.TestWebsocketOnTrio],
    ("hypercorn, trio", "stream"): [hypercorn.TestSseOnTrio],
    ("granian, asyncio", "WebSocket"): [granian.TestWebsocket],
    ("granian, asyncio", "stream"): [granian.TestSse],
    ("`websockets`, its asyncio server", "WebSocket"): [websockets.TestWebsocketsServer],
    ("picows", "WebSocket"): [picows.TestPicowsServer],
}


def not_kept(contract: type[TransportContract[Any]]) -> set[str]:
    """The promises that a server does not keep; what an identity type can't is none of them."""
    declined = contract.capabilities.declined.keys() - {Capability.SESSIONLESS, Capability.EXPIRY}
    return {proof.promise.id for proof in proofs_of(contract).values() if proof.needs in declined}


def table() -> dict[tuple[str, str], set[str]]:
    """What the page says of each server."""
    lines = (ROOT / "docs" / "reference" / "servers.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][2:]
    return {(row[0], row[1]): set(re.findall(r"\[([A-Z]{3}-\d)\]", row[3])) for row in rows}


def test_the_table_has_every_run_and_what_it_declines() -> None:
    said = table()
    assert said.keys() == RUNS.keys()
    for server, contracts in RUNS.items():
        for contract in contracts:
            assert said[server] == not_kept(contract), server
