"""The example of broadcasts by rule, behind a real uvicorn."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest

from examples import rooms as example
from gatecast import AccountId, notification
from tests.examples.connecting import open_socket
from tests.support.clients import Close, WebsocketClient
from tests.support.uvicorn_server import serving

pytestmark = pytest.mark.anyio

ADA = AccountId(UUID(int=1))
GUESTS = {
    "ada": f"1?account={UUID(int=1)}&language=en&moderator",
    "ada's phone": f"2?account={UUID(int=1)}&language=en",
    "grace": f"1?account={UUID(int=2)}&language=de",
    "alan": f"2?account={UUID(int=3)}&language=de",
}


@asynccontextmanager
async def guests() -> AsyncGenerator[dict[str, WebsocketClient]]:
    async with serving(example.app) as server, AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                open_socket(f"{server.http_url}/rooms/{path}", {})
            )
            for name, path in GUESTS.items()
        }


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (lambda: example.greet(ADA), {"ada", "ada's phone"}),
        (lambda: example.say(2, "hello"), {"ada's phone", "alan"}),
        (lambda: example.translate("de", "hallo"), {"grace", "alan"}),
        (lambda: example.report(1, "spam"), {"ada"}),
    ],
    ids=["account", "room", "language", "moderators"],
)
async def test_a_message_reaches_exactly_those_it_is_for(
    verb: Callable[[], int], expected: set[str]
) -> None:
    async with guests() as clients:
        assert verb() == len(expected)
        example.translate("en", "the end")
        example.translate("de", "das Ende")
        first = {name: (await client.receive())["method"] for name, client in clients.items()}
        second = {name: (await clients[name].receive())["method"] for name in expected}
    assert set(second.values()) == {"translated"}
    # Nobody else had anything before the end.
    assert {first[name] for name in set(GUESTS) - expected} <= {"translated"}


async def test_what_a_guest_says_reaches_everyone_else_in_the_room() -> None:
    async with guests() as clients:
        said = notification("say", {"text": "hello"}).model_dump_json(exclude_unset=True)
        await clients["grace"].send(said)
        assert await clients["ada"].receive() == {
            "jsonrpc": "2.0",
            "method": "said",
            "params": {"text": "hello"},
        }
        example.translate("en", "the end")
        example.translate("de", "das Ende")
        for name in ("grace", "alan", "ada's phone"):
            assert (await clients[name].receive())["method"] == "translated"


async def test_a_room_that_is_shut_ends_for_its_guests_alone() -> None:
    async with guests() as clients:
        assert example.shut(1) == 2
        assert await clients["ada"].closed() == Close(1000, "Room closed")
        assert await clients["grace"].closed() == Close(1000, "Room closed")
        assert example.transport.get_connection_count() == 2
