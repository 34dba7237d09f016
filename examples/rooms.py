"""Broadcasts by rule: to an account, to a room, by a predicate, and to all but the sender."""

# --8<-- [start:identity]
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI, WebSocket

from gatecast import (
    AccountId,
    Index,
    JsonrpcErrorResponse,
    JsonrpcNotification,
    TokenHash,
    notification,
)
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport, Incoming


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a connection of this app is: any immutable type, with no base class."""

    account_id: AccountId
    token_hash: TokenHash
    room: int
    language: str
    is_moderator: bool


def room_of(guest: Guest) -> int:
    """The key of the index; `None` would stand for a guest without a room."""
    return guest.room


ROOM = Index[Guest, int]("room", int, room_of)

transport = BackendWebsocketTransport[Guest](indexes=[ROOM])
# --8<-- [end:identity]


# --8<-- [start:verbs]
def greet(account_id: AccountId) -> int:
    """To one account, on all its devices."""
    return transport.send_to_account(account_id, notification("welcome"))


def say(room: int, text: str) -> int:
    """To everyone in a room."""
    return transport.send_by(ROOM, room, notification("said", {"text": text}))


def translate(language: str, text: str) -> int:
    """To everyone who reads a language, in every room."""
    message = notification("translated", {"text": text})
    return transport.broadcast_filtered(message, lambda guest: guest.language == language)


def report(room: int, text: str) -> int:
    """To the moderators of a room."""

    def moderates(guest: Guest) -> bool:
        return guest.is_moderator and guest.room == room

    return transport.broadcast_filtered(notification("reported", {"text": text}), moderates)


def shut(room: int) -> int:
    """Close a room. Its guests may reconnect: this revokes nothing."""
    return transport.close_by(ROOM, room, code=1000, reason="Room closed")


# --8<-- [end:verbs]


# --8<-- [start:exclude]
async def on_message(incoming: Incoming[Guest]) -> JsonrpcErrorResponse | None:
    """Pass on what a guest says to everyone else in the room."""
    message, guest = incoming.message, incoming.identity
    if isinstance(message, JsonrpcErrorResponse):
        return message
    if isinstance(message, JsonrpcNotification) and message.method == "say":
        said = notification("said", message.params)
        transport.send_by(ROOM, guest.room, said, exclude=incoming.connection_id)
    return None


# --8<-- [end:exclude]

app = FastAPI()


@app.websocket("/rooms/{room}")
async def websocket(websocket: WebSocket, room: int) -> None:
    """Serve one socket of a room."""

    async def identify(websocket: WebSocket) -> Guest | None:
        """Take everything from the address: this example is about rules, not about credentials."""
        query = websocket.query_params
        account_id, session = AccountId(UUID(query["account"])), TokenHash(query["account"])
        return Guest(account_id, session, room, query["language"], "moderator" in query)

    await transport.serve(websocket, identify=identify, on_message=on_message)
