"""JSON-RPC 2.0 messages: models, error codes, builders, and the one way to write a message as text.

The models are narrower than the specification (jsonrpc.org/specification) in three places: `params`
and `result` are objects, never arrays or scalars; an id is a string or an integer; an error code is
one of the five standard ones or lies in the range that is reserved for servers. They are strict
(`"1"` is not `1`, and `True` is not an integer), frozen, and keep unknown members.

The four kinds of message never overlap. `method`, `result` and `error` exclude each other, and a
message with an `id`, even null, is not a notification. So the members of a message decide its kind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, NewType, TypeAlias

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError, from_json

from gatecast.errors import InvalidMessageError, MessageNotSerializableError
from gatecast.messages._jsonrpc_model import JsonrpcModel, JsonrpcObject, OptionalJsonrpcObject

__all__ = [
    "INTERNAL_ERROR",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "METHOD_NOT_FOUND",
    "PARSE_ERROR",
    "JsonrpcErrorCode",
    "JsonrpcErrorObject",
    "JsonrpcErrorResponse",
    "JsonrpcMessage",
    "JsonrpcMessageFromClientToServer",
    "JsonrpcMessageFromServerToClient",
    "JsonrpcNotification",
    "JsonrpcRequest",
    "JsonrpcRequestId",
    "JsonrpcResponse",
    "JsonrpcResponseOrError",
    "JsonrpcServerErrorCode",
    "error_response",
    "notification",
    "request",
    "response",
    "server_error_code",
    "to_json",
]

PARSE_ERROR: Final = -32700
"""The text is not JSON."""

INVALID_REQUEST: Final = -32600
"""The JSON is not a valid message."""

METHOD_NOT_FOUND: Final = -32601
"""The method does not exist or is not available."""

INVALID_PARAMS: Final = -32602
"""The method does not take these parameters."""

INTERNAL_ERROR: Final = -32603
"""The receiver failed while it handled the message."""

JsonrpcServerErrorCode = NewType("JsonrpcServerErrorCode", int)
"""A code of the server's own, from -32099 to -32000. Made by `server_error_code`."""

JsonrpcErrorCode: TypeAlias = (
    Literal[-32700, -32600, -32601, -32602, -32603] | JsonrpcServerErrorCode
)
"""A code of section 5.1 of the specification."""

JsonrpcRequestId: TypeAlias = str | int
"""Pairs a response with its request. Never a boolean, a float or null."""

_STANDARD_CODES: Final = frozenset(
    {PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR}
)
_ABSENT: Final = object()


def server_error_code(code: int) -> JsonrpcServerErrorCode:
    """Return `code` as a server's own error code.

    Raises `InvalidMessageError` unless it lies in -32099 to -32000.
    """
    if not _is_server_code(code):
        raise InvalidMessageError(f"error code {code!r} is not in -32099 to -32000")
    return JsonrpcServerErrorCode(code)


def _is_server_code(code: object) -> bool:
    return isinstance(code, int) and -32099 <= code <= -32000


def _check_error_code(code: object) -> object:
    # Pydantic's Literal alone would let the float -32700.0 pass, since the two are equal.
    if isinstance(code, int) and (code in _STANDARD_CODES or _is_server_code(code)):
        return code
    raise PydanticCustomError(
        "error_code", "Input should be -32700, -32603 to -32600 or -32099 to -32000"
    )


class JsonrpcRequest(JsonrpcModel):
    """A call that expects a response. `params` is None if the member is absent."""

    excluded_members: ClassVar[frozenset[str]] = frozenset({"result", "error"})

    jsonrpc: Literal["2.0"]
    id: JsonrpcRequestId
    method: str
    params: OptionalJsonrpcObject = None


class JsonrpcNotification(JsonrpcModel):
    """A call that expects no response. `params` is None if the member is absent."""

    excluded_members: ClassVar[frozenset[str]] = frozenset({"id", "result", "error"})

    jsonrpc: Literal["2.0"]
    method: str
    params: OptionalJsonrpcObject = None


class JsonrpcResponse(JsonrpcModel):
    """The successful result of a request."""

    excluded_members: ClassVar[frozenset[str]] = frozenset({"method", "error"})

    jsonrpc: Literal["2.0"]
    id: JsonrpcRequestId
    result: JsonrpcObject


class JsonrpcErrorObject(JsonrpcModel):
    """Why a request failed.

    `data` is any JSON. It is None both for a null and for an absent member; the name is in
    `model_fields_set` only if the member is there.
    """

    code: Annotated[JsonrpcErrorCode, BeforeValidator(_check_error_code)]
    message: str
    data: object = None


class JsonrpcErrorResponse(JsonrpcModel):
    """The failure of a request. The id is None if the request's own could not be read."""

    excluded_members: ClassVar[frozenset[str]] = frozenset({"method", "result"})

    jsonrpc: Literal["2.0"]
    id: JsonrpcRequestId | None
    error: JsonrpcErrorObject


JsonrpcResponseOrError: TypeAlias = JsonrpcResponse | JsonrpcErrorResponse
"""The answer to a request."""

JsonrpcMessageFromServerToClient: TypeAlias = JsonrpcNotification | JsonrpcResponseOrError
"""What a server may send."""

JsonrpcMessageFromClientToServer: TypeAlias = JsonrpcRequest | JsonrpcNotification
"""What a client may send."""

JsonrpcMessage: TypeAlias = JsonrpcRequest | JsonrpcNotification | JsonrpcResponseOrError
"""Any message."""


def request(
    method: str,
    params: Mapping[str, object] | None = None,
    *,
    id: JsonrpcRequestId,  # noqa: A002  # the member's name
) -> JsonrpcRequest:
    """Make a request; without `params` the member is absent. Raises `InvalidMessageError`."""
    members = {"jsonrpc": "2.0", "id": id, "method": method} | _params_member(params)
    return JsonrpcRequest.from_members(members)


def notification(method: str, params: Mapping[str, object] | None = None) -> JsonrpcNotification:
    """Make a notification; without `params` the member is absent. Raises `InvalidMessageError`."""
    members = {"jsonrpc": "2.0", "method": method} | _params_member(params)
    return JsonrpcNotification.from_members(members)


def _params_member(params: Mapping[str, object] | None) -> dict[str, object]:
    return {} if params is None else {"params": params}


def response(
    id: JsonrpcRequestId,  # noqa: A002  # the member's name
    result: Mapping[str, object] | None = None,
) -> JsonrpcResponse:
    """Make a response; without `result` it is the empty object. Raises `InvalidMessageError`."""
    if result is None:
        result = {}
    return JsonrpcResponse.from_members({"jsonrpc": "2.0", "id": id, "result": result})


def error_response(
    id: JsonrpcRequestId | None,  # noqa: A002  # the member's name
    code: JsonrpcErrorCode,
    message: str,
    data: object = _ABSENT,
) -> JsonrpcErrorResponse:
    """Make an error response; the member `data` is absent unless given, and may be given as None.

    Raises `InvalidMessageError`.
    """
    error: dict[str, object] = {"code": code, "message": message}
    if data is not _ABSENT:
        error["data"] = data
    return JsonrpcErrorResponse.from_members({"jsonrpc": "2.0", "id": id, "error": error})


def to_json(message: JsonrpcMessage) -> str:
    """Write `message` as compact JSON that keeps characters outside ASCII, and encodes to UTF-8.

    Values that JSON lacks are written as pydantic writes them: a UUID or a datetime as a string, a
    tuple or a set as an array. The parsers of this package read every text that it returns.

    Raises `MessageNotSerializableError` for NaN, an infinity, a lone surrogate, an object that
    pydantic can't write, a circular reference, more than about 200 levels of nesting, and an
    integer of more than 4300 digits.
    """
    try:
        members = message.model_dump(mode="json", warnings="error")
        text = json.dumps(members, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        from_json(text.encode())
    except ValueError as error:
        # Pydantic names our own serializer in such an error; the reason comes after it.
        reason = str(error).rpartition("`_omit_absent_members`: ")[2]
        raise MessageNotSerializableError(reason) from error
    return text
