"""The JSON-RPC 2.0 models, their builders, and how a message becomes text."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from gatecast.errors import GatecastError, InvalidMessageError, MessageNotSerializableError
from gatecast.messages.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    JsonrpcErrorObject,
    JsonrpcErrorResponse,
    JsonrpcMessage,
    JsonrpcNotification,
    JsonrpcRequest,
    JsonrpcResponse,
    error_response,
    notification,
    request,
    response,
    server_error_code,
    to_json,
)

MODELS: list[type[JsonrpcMessage]] = [
    JsonrpcRequest,
    JsonrpcNotification,
    JsonrpcResponse,
    JsonrpcErrorResponse,
]

REQUEST: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": "m"}
NOTIFICATION: dict[str, object] = {"jsonrpc": "2.0", "method": "m"}
RESPONSE: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "result": {}}
ERROR: dict[str, object] = {"code": -32603, "message": "failed"}
ERROR_RESPONSE: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "error": ERROR}

NOT_AN_ID: list[object] = [True, False, 1.0, [], {}, b"1"]
NOT_AN_OBJECT: list[object] = [None, [], [["a", 1]], "a", 1, True, {1: "a"}, {b"a": 1}]


class Reading(BaseModel):
    value: float
    unit: str = "C"


def nested(levels: int) -> object:
    value: object = None
    for _ in range(levels):
        value = [value]
    return value


def circular() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


# --- builders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (request("m", id=1), '{"jsonrpc":"2.0","id":1,"method":"m"}'),
        (request("m", {}, id="a"), '{"jsonrpc":"2.0","id":"a","method":"m","params":{}}'),
        (notification("m"), '{"jsonrpc":"2.0","method":"m"}'),
        (notification("m", {"a": 1}), '{"jsonrpc":"2.0","method":"m","params":{"a":1}}'),
        (response(1), '{"jsonrpc":"2.0","id":1,"result":{}}'),
        (response("a", {"b": None}), '{"jsonrpc":"2.0","id":"a","result":{"b":null}}'),
        (
            error_response(None, PARSE_ERROR, "no"),
            '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}',
        ),
        (
            error_response(1, server_error_code(-32001), "no", None),
            '{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"no","data":null}}',
        ),
        (
            error_response(1, INTERNAL_ERROR, "no", [1]),
            '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no","data":[1]}}',
        ),
    ],
)
def test_a_message_is_written_with_exactly_the_members_it_was_given(
    message: JsonrpcMessage, text: str
) -> None:
    assert to_json(message) == text


def test_pydantic_itself_leaves_absent_members_out_as_well() -> None:
    assert notification("m").model_dump() == NOTIFICATION
    assert notification("m").model_dump_json() == to_json(notification("m"))
    assert error_response(1, INTERNAL_ERROR, "failed").model_dump() == ERROR_RESPONSE


def test_members_can_still_be_left_out_by_name() -> None:
    assert notification("m").model_dump(exclude={"params", "jsonrpc"}) == {"method": "m"}


@pytest.mark.parametrize(
    ("build", "arguments"),
    [
        (request, {"method": "m", "id": None}),
        (request, {"method": 1, "id": 1}),
        (request, {"method": "m", "id": 1, "params": [1]}),
        (notification, {"method": None}),
        (notification, {"method": "m", "params": {1: "a"}}),
        (response, {"id": None}),
        (response, {"id": True}),
        (response, {"id": 1, "result": []}),
        (error_response, {"id": 1.5, "code": INTERNAL_ERROR, "message": "m"}),
        (error_response, {"id": 1, "code": -1, "message": "m"}),
        (error_response, {"id": 1, "code": INTERNAL_ERROR, "message": None}),
        (server_error_code, {"code": -31999}),
    ],
)
def test_a_builder_refuses_bad_arguments_with_an_error_of_ours(
    build: Callable[..., object], arguments: dict[str, object]
) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        build(**arguments)
    assert isinstance(caught.value, GatecastError)
    assert isinstance(caught.value, ValueError)


def test_an_error_names_every_wrong_member_and_not_what_was_in_it() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        JsonrpcRequest.from_members({"id": "secret", "method": 1, "params": ["secret"]})
    assert caught.value.detail == (
        "jsonrpc: Field required; method: Input should be a valid string; "
        "params: Input should be an object"
    )


def test_params_may_be_any_mapping_and_are_copied() -> None:
    params = {"a": 1}
    message = notification("m", MappingProxyType(params))
    params["a"] = 2
    assert message.params == {"a": 1}


# --- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [JsonrpcRequest, JsonrpcResponse, JsonrpcErrorResponse])
@pytest.mark.parametrize("bad_id", NOT_AN_ID)
def test_an_id_is_a_string_or_an_integer(
    model: type[JsonrpcRequest | JsonrpcResponse | JsonrpcErrorResponse], bad_id: object
) -> None:
    members = {**REQUEST, **RESPONSE, **ERROR_RESPONSE, "id": bad_id}
    for name in model.excluded_members:
        del members[name]
    with pytest.raises(InvalidMessageError, match=r"^[^;]*\bid\.str: .*; id\.int: [^;]*$"):
        model.from_members(members)


@pytest.mark.parametrize("members", [REQUEST, RESPONSE])
def test_a_null_id_is_only_for_error_responses(members: dict[str, object]) -> None:
    model = JsonrpcRequest if members is REQUEST else JsonrpcResponse
    with pytest.raises(InvalidMessageError, match="id"):
        model.from_members(members | {"id": None})
    assert JsonrpcErrorResponse.from_members(ERROR_RESPONSE | {"id": None}).id is None


def test_an_error_response_needs_the_member_id_even_so() -> None:
    with pytest.raises(InvalidMessageError, match="id: Field required"):
        JsonrpcErrorResponse.from_members({"jsonrpc": "2.0", "error": ERROR})


@pytest.mark.parametrize("big_id", [2**63, -(2**200), 10**4299])
def test_an_id_may_be_a_huge_integer_and_stays_the_same(big_id: int) -> None:
    assert json.loads(to_json(response(big_id)))["id"] == big_id


@pytest.mark.parametrize("not_an_object", NOT_AN_OBJECT)
def test_params_and_result_are_objects(not_an_object: object) -> None:
    for members in (REQUEST, NOTIFICATION):
        model = JsonrpcRequest if members is REQUEST else JsonrpcNotification
        with pytest.raises(InvalidMessageError, match=r"message: params"):
            model.from_members(members | {"params": not_an_object})
    with pytest.raises(InvalidMessageError, match=r"message: result"):
        JsonrpcResponse.from_members(RESPONSE | {"result": not_an_object})


@pytest.mark.parametrize("version", [None, 2, 2.0, "1.0", "2.0 ", True])
def test_the_version_is_the_string_2_0(version: object) -> None:
    with pytest.raises(InvalidMessageError, match="jsonrpc: "):
        JsonrpcNotification.from_members(NOTIFICATION | {"jsonrpc": version})


@pytest.mark.parametrize(
    ("model", "members", "name"),
    [
        (JsonrpcNotification, NOTIFICATION, "id"),
        (JsonrpcNotification, NOTIFICATION, "result"),
        (JsonrpcNotification, NOTIFICATION, "error"),
        (JsonrpcRequest, REQUEST, "result"),
        (JsonrpcRequest, REQUEST, "error"),
        (JsonrpcResponse, RESPONSE, "method"),
        (JsonrpcResponse, RESPONSE, "error"),
        (JsonrpcErrorResponse, ERROR_RESPONSE, "method"),
        (JsonrpcErrorResponse, ERROR_RESPONSE, "result"),
    ],
)
def test_no_message_is_of_two_kinds(
    model: type[JsonrpcMessage], members: dict[str, object], name: str
) -> None:
    model.from_members(members)
    with pytest.raises(InvalidMessageError) as caught:
        model.from_members(members | {name: None})
    assert caught.value.detail == f"{model.__name__} can't have the member {name}"


@pytest.mark.parametrize("members", [REQUEST, NOTIFICATION, RESPONSE, ERROR_RESPONSE])
def test_exactly_one_model_takes_a_message(members: dict[str, object]) -> None:
    def takes(model: type[JsonrpcMessage]) -> bool:
        try:
            model.from_members(members)
        except InvalidMessageError:
            return False
        return True

    assert [takes(model) for model in MODELS].count(True) == 1


def test_unknown_members_are_kept_whatever_their_names() -> None:
    unknown: dict[str, object] = {"model_dump": 1, "__class__": 2, "": 3, "self": 4, "ü": [None]}
    error = JsonrpcErrorResponse.from_members(
        ERROR_RESPONSE | unknown | {"error": ERROR | unknown},
    )
    assert json.loads(to_json(error)) == ERROR_RESPONSE | unknown | {"error": ERROR | unknown}
    note = JsonrpcNotification.from_members(NOTIFICATION | unknown)
    assert json.loads(to_json(note)) == NOTIFICATION | unknown


def test_a_message_is_frozen() -> None:
    message = notification("m")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(message, "method", "other")  # noqa: B010  # a checker refuses the assignment
    assert message.method == "m"


# --- error codes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR]
    + [server_error_code(code) for code in (-32099, -32050, -32000)],
)
def test_an_error_code_is_standard_or_a_servers_own(code: int) -> None:
    assert JsonrpcErrorObject.from_members(ERROR | {"code": code}).code == code


@pytest.mark.parametrize(
    "code", [-32100, -31999, -32604, -32599, -32701, 0, True, -32700.0, -32050.0, "-32700", None]
)
def test_any_other_error_code_is_refused(code: object) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        JsonrpcErrorObject.from_members(ERROR | {"code": code})
    assert caught.value.detail == (
        "code: Input should be -32700, -32603 to -32600 or -32099 to -32000"
    )


def test_error_data_tells_null_from_absent() -> None:
    absent = error_response(1, INTERNAL_ERROR, "m").error
    null = error_response(1, INTERNAL_ERROR, "m", None).error
    assert absent.data is null.data is None
    assert ("data" in absent.model_fields_set, "data" in null.model_fields_set) == (False, True)


# --- to_json -------------------------------------------------------------------------------------


NOT_SERIALIZABLE: dict[str, tuple[object, str]] = {
    "NaN": (float("nan"), "Out of range float"),
    "an infinity": (float("-inf"), "Out of range float"),
    "an infinity in a model": (Reading(value=float("inf")), "Out of range float"),
    "a lone surrogate": ("\ud800", "surrogates not allowed"),
    "a lone surrogate in a key": ({"\udfff": 1}, "surrogates not allowed"),
    "bytes that are no text": (b"\xff", "invalid utf-8"),
    "an object": (object(), "unknown type: <class 'object'>"),
    "a circular reference": (circular(), "Circular reference"),
    "210 levels": (nested(210), "recursion limit exceeded"),
    "1,000 levels": (nested(1_000), "depth exceeded"),
    "100,000 levels": (nested(100_000), "depth exceeded"),
    "an enormous integer": (10**5000, "Exceeds the limit"),
    "a model that is not valid": (Reading.model_construct(value="warm"), "Expected `float`"),
}


@pytest.mark.parametrize(
    ("value", "reason"), NOT_SERIALIZABLE.values(), ids=NOT_SERIALIZABLE.keys()
)
def test_what_json_cannot_carry_is_refused(value: object, reason: str) -> None:
    messages: list[JsonrpcMessage] = [
        request("m", {"v": value}, id=1),
        notification("m", {"v": [value]}),
        response(1, {"v": value}),
        error_response(1, INTERNAL_ERROR, "m", value),
        JsonrpcNotification.from_members(NOTIFICATION | {"unknown": value}),
    ]
    for message in messages:
        with pytest.raises(MessageNotSerializableError) as caught:
            to_json(message)
        assert reason in caught.value.detail
        assert "_omit_absent_members" not in caught.value.detail


@pytest.mark.parametrize("text", ["\ud800", "a\udc80"])
def test_a_lone_surrogate_is_refused_in_the_messages_own_strings_too(text: str) -> None:
    for message in (notification(text), response(text), error_response(1, INTERNAL_ERROR, text)):
        with pytest.raises(MessageNotSerializableError, match="surrogates not allowed"):
            to_json(message)


def test_values_that_json_lacks_are_written_as_pydantic_writes_them() -> None:
    params: dict[str, object] = {
        "uuid": UUID(int=1),
        "time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "tuple": (1, 2),
        "model": Reading(value=1),
        "keys": {UUID(int=2): 1},
    }
    assert json.loads(to_json(notification("m", params)))["params"] == {
        "uuid": "00000000-0000-0000-0000-000000000001",
        "time": "2026-01-02T03:04:05Z",
        "tuple": [1, 2],
        "model": {"value": 1.0, "unit": "C"},
        "keys": {"00000000-0000-0000-0000-000000000002": 1},
    }


def test_characters_outside_ascii_are_kept_and_control_characters_escaped() -> None:
    text = to_json(notification("é😀\u2028", {"a": "\n\r\x00"}))
    assert text == '{"jsonrpc":"2.0","method":"é😀\u2028","params":{"a":"\\n\\r\\u0000"}}'


@given(st.dictionaries(st.text(), st.floats() | st.text(st.characters()) | st.integers()))
def test_a_message_is_written_unaltered_or_not_at_all(params: dict[str, object]) -> None:
    message = notification("m", params)
    try:
        text = to_json(message)
    except MessageNotSerializableError:
        return
    assert json.loads(text.encode()) == {"jsonrpc": "2.0", "method": "m", "params": params}
