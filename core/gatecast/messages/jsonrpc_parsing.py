"""Parsing JSON-RPC 2.0 messages from untrusted text.

Parsing takes time linear in the length of the text, refuses deep nesting, and never puts a piece of
the text into an error message. The adapters limit the length of a text.

A member that occurs twice has its last value, as in JavaScript's `JSON.parse`.
"""

from __future__ import annotations

import json
from typing import TypeGuard

from pydantic_core import from_json

from gatecast.errors import InvalidMessageError
from gatecast.messages.jsonrpc import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JsonrpcErrorResponse,
    JsonrpcMessageFromClientToServer,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    JsonrpcRequest,
    JsonrpcRequestId,
    JsonrpcResponse,
    error_response,
)

__all__ = ["parse_client_message", "parse_server_message"]


def parse_client_message(text: str) -> JsonrpcMessageFromClientToServer | JsonrpcErrorResponse:
    """Read what a client sent. Never raises: for bad input it returns the error response to send.

    The code is -32700, with a null id, for text that is not JSON: also for NaN and infinities, a
    lone surrogate, more than about 200 levels of nesting, an integer of more than 4300 digits, and
    a fraction beyond the range of a double.

    It is -32600 for JSON that is neither a request nor a notification: also for a batch (an array),
    which gets one error response, and for a response. The id is the message's own if that is a
    string or an integer, otherwise null.
    """
    try:
        value = _load(text)
    except ValueError as error:
        return error_response(None, PARSE_ERROR, f"Parse error: {error}")
    try:
        return _client_message(value)
    except InvalidMessageError as error:
        return error_response(_id_of(value), INVALID_REQUEST, f"Invalid Request: {error.detail}")


def parse_server_message(text: str) -> JsonrpcMessageFromServerToClient:
    """Read what a server sent: a notification, a response or an error response.

    Raises `InvalidMessageError` for anything else.
    """
    try:
        value = _load(text)
    except ValueError as error:
        raise InvalidMessageError(f"not JSON: {error}") from None
    return _server_message(value)


def _load(text: str) -> object:
    """Parse JSON. Raises `ValueError`."""
    value: object = from_json(text.encode())
    # NaN, Infinity and 1e999 are read as floats that have no JSON form and could not be sent on.
    json.dumps(value, allow_nan=False)
    return value


def _client_message(value: object) -> JsonrpcMessageFromClientToServer:
    members = _members_of(value)
    if "method" not in members:
        raise InvalidMessageError(
            "method: Field required; a client sends requests and notifications only"
        )
    if "id" in members:
        return JsonrpcRequest.from_members(members)
    return JsonrpcNotification.from_members(members)


def _server_message(value: object) -> JsonrpcMessageFromServerToClient:
    members = _members_of(value)
    if "error" in members:
        return JsonrpcErrorResponse.from_members(members)
    if "result" in members:
        return JsonrpcResponse.from_members(members)
    return JsonrpcNotification.from_members(members)


def _members_of(value: object) -> dict[str, object]:
    if isinstance(value, list):
        raise InvalidMessageError("batches are not supported; send each message by itself")
    if not _is_object(value):
        raise InvalidMessageError("a message is an object")
    return value


def _id_of(value: object) -> JsonrpcRequestId | None:
    candidate = value.get("id") if _is_object(value) else None
    if isinstance(candidate, str | int) and not isinstance(candidate, bool):
        return candidate
    return None


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)
