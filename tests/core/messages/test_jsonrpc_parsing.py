"""Text that nobody vouches for becomes a message or the error response to answer with."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecast.errors import InvalidMessageError
from gatecast.messages.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    JsonrpcErrorCode,
    JsonrpcErrorResponse,
    JsonrpcMessageFromClientToServer,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    JsonrpcRequest,
    error_response,
    notification,
    request,
    response,
    server_error_code,
    to_json,
)
from gatecast.messages.jsonrpc_parsing import parse_client_message, parse_server_message

NOT_JSON = {
    "empty": "",
    "blank": " \n",
    "a word": "hello",
    "trailing garbage": '{"jsonrpc":"2.0","method":"m"} x',
    "two messages": '{"jsonrpc":"2.0","method":"m"}{"jsonrpc":"2.0","method":"m"}',
    "cut short": '{"jsonrpc":"2.0","id":1,"method"',
    "NaN": '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":NaN}}',
    "Infinity": '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":-Infinity}}',
    "a fraction beyond a double": '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[1e400]}}',
    "an enormous integer": '{"jsonrpc":"2.0","method":"m","id":' + "9" * 5_000 + "}",
    "an integer of a megabyte": "9" * 1_000_000,
    "a lone surrogate": '"\ud800"',
    "an escaped lone surrogate": '{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    "a byte order mark": '\ufeff{"jsonrpc":"2.0","method":"m"}',
    "a raw control character": '{"jsonrpc":"2.0","method":"\x00"}',
    "1,000 open brackets": "[" * 1_000,
    "100,000 open brackets": "[" * 100_000,
    "100,000 closed brackets": "[" * 100_000 + "]" * 100_000,
    "100,000 open objects": '{"a":' * 100_000,
}

BATCHES = ["[]", "[1]", '[{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","method":"m"}]']

INVALID_WITH_ID_7 = {
    "no version": '{"id":7,"method":"m"}',
    "another version": '{"jsonrpc":"1.0","id":7,"method":"m"}',
    "no method": '{"jsonrpc":"2.0","id":7}',
    "a method that is no string": '{"jsonrpc":"2.0","id":7,"method":1}',
    "an array as params": '{"jsonrpc":"2.0","id":7,"method":"m","params":[1]}',
    "null as params": '{"jsonrpc":"2.0","id":7,"method":"m","params":null}',
    "a response": '{"jsonrpc":"2.0","id":7,"result":{}}',
    "an error response": '{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"m"}}',
    "a request and a response": '{"jsonrpc":"2.0","id":7,"method":"m","result":{}}',
}

INVALID_WITHOUT_ID = {
    "a string": '"m"',
    "a number": "7",
    "null": "null",
    "an empty object": "{}",
    "a null id": '{"jsonrpc":"2.0","id":null,"method":"m"}',
    "a boolean id": '{"jsonrpc":"2.0","id":true,"method":"m"}',
    "a fraction as id": '{"jsonrpc":"2.0","id":7.0,"method":"m"}',
    "an array as id": '{"jsonrpc":"2.0","id":[7],"method":"m"}',
    "a bad notification": '{"jsonrpc":"2.0","method":7}',
    "an error response with a null id": '{"jsonrpc":"2.0","id":null,"error":{}}',
}

KNOWN = {"jsonrpc", "id", "method", "params", "result", "error", "code", "message", "data"}

# Small values, of every kind. `st.text` makes no lone surrogates, which have no JSON form.
strings = st.text(max_size=8)
json_values = st.recursive(
    st.sampled_from([None, True, False])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | strings,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(strings, values, max_size=3),
    max_leaves=4,
)
objects = st.dictionaries(strings, json_values, max_size=3)
unknown_members = st.dictionaries(
    strings.filter(lambda name: name not in KNOWN), json_values, max_size=3
)
ids = strings | st.integers()
standard_codes: st.SearchStrategy[JsonrpcErrorCode] = st.sampled_from(
    (PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR)
)
codes = standard_codes | st.integers(-32099, -32000).map(server_error_code)
notifications = st.builds(notification, strings, st.none() | objects)
requests = st.builds(request, strings, st.none() | objects, id=ids)
responses = st.builds(response, ids, objects)
error_responses = st.builds(error_response, st.none() | ids, codes, strings) | st.builds(
    error_response, st.none() | ids, codes, strings, json_values
)
valid_texts = (notifications | requests | responses | error_responses).map(to_json)


def refusal(text: str) -> JsonrpcErrorResponse:
    parsed = parse_client_message(text)
    assert isinstance(parsed, JsonrpcErrorResponse)
    return parsed


# --- from the client -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON)
def test_text_that_is_not_json_is_a_parse_error_with_a_null_id(text: str) -> None:
    answer = refusal(text)
    assert (answer.id, answer.error.code) == (None, PARSE_ERROR)
    assert answer.error.message.startswith("Parse error: ")


@pytest.mark.parametrize("text", BATCHES)
def test_a_batch_is_refused_with_one_error_response_that_says_so(text: str) -> None:
    answer = refusal(text)
    assert (answer.id, answer.error.code) == (None, INVALID_REQUEST)
    assert "batches are not supported" in answer.error.message


@pytest.mark.parametrize("text", INVALID_WITH_ID_7.values(), ids=INVALID_WITH_ID_7)
def test_an_invalid_request_is_refused_with_its_id(text: str) -> None:
    answer = refusal(text)
    assert (answer.id, answer.error.code) == (7, INVALID_REQUEST)
    assert answer.error.message.startswith("Invalid Request: ")


@pytest.mark.parametrize("text", INVALID_WITHOUT_ID.values(), ids=INVALID_WITHOUT_ID)
def test_without_a_valid_id_the_refusal_has_a_null_id(text: str) -> None:
    answer = refusal(text)
    assert (answer.id, answer.error.code) == (None, INVALID_REQUEST)


@pytest.mark.parametrize("valid_id", ["", "7", "\u2028", 0, -1, 2**100, 10**4299])
def test_a_refusal_keeps_a_valid_id_as_it_is(valid_id: str | int) -> None:
    answer = refusal(json.dumps({"id": valid_id}))
    assert answer.id == valid_id
    assert json.loads(to_json(answer))["id"] == valid_id


@pytest.mark.parametrize("member", ["x" * 100_000, "jsonrpc", "method", "params", "result"])
def test_a_refusal_is_short_whatever_was_sent(member: str) -> None:
    for text in (
        json.dumps({"jsonrpc": "2.0", "method": "m", "id": None, member: "secret" * 100_000}),
        json.dumps({member: ["secret" * 100_000]}) + "secret" * 100_000,
    ):
        written = to_json(refusal(text))
        assert len(written) < 400
        assert "secret" not in written


def test_a_message_without_id_is_a_notification_and_one_with_id_a_request() -> None:
    without_id = parse_client_message('{"jsonrpc":"2.0","method":"m","params":{"a":[1]}}')
    with_id = parse_client_message('{"jsonrpc":"2.0","method":"m","id":""}')
    assert without_id == notification("m", {"a": [1]})
    assert with_id == request("m", id="")


def test_the_last_of_several_members_of_one_name_wins() -> None:
    text = '{"jsonrpc":"1.0","id":null,"method":1,"jsonrpc":"2.0","id":1,"method":"m"}'
    assert parse_client_message(text) == request("m", id=1)


def test_a_hundred_levels_of_nesting_are_fine() -> None:
    text = '{"jsonrpc":"2.0","method":"m","params":{"a":' + "[" * 100 + "]" * 100 + "}}"
    parsed = parse_client_message(text)
    assert isinstance(parsed, JsonrpcNotification)
    assert to_json(parsed) == text


# --- from the server -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON)
def test_a_client_is_told_when_the_servers_text_is_not_json(text: str) -> None:
    with pytest.raises(InvalidMessageError, match="not JSON"):
        parse_server_message(text)


@pytest.mark.parametrize(
    "text",
    [
        *BATCHES,
        "null",
        "{}",
        '{"jsonrpc":"2.0","id":1,"method":"m"}',
        '{"jsonrpc":"2.0","id":null,"method":"m"}',
        '{"jsonrpc":"2.0","id":1,"result":[]}',
        '{"jsonrpc":"2.0","id":null,"result":{}}',
        '{"jsonrpc":"2.0","error":{"code":-32603,"message":"m"}}',
        '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}',
        '{"jsonrpc":"2.0","id":1,"error":null}',
        '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":-32603,"message":"m"}}',
    ],
)
def test_a_client_refuses_what_a_server_may_not_send(text: str) -> None:
    with pytest.raises(InvalidMessageError):
        parse_server_message(text)


# --- any text ------------------------------------------------------------------------------------


@given(st.text(st.characters()) | json_values.map(json.dumps))
def test_parsing_any_text_gives_a_message_or_a_refusal(text: str) -> None:
    parsed = parse_client_message(text)
    assert isinstance(parsed, JsonrpcRequest | JsonrpcNotification | JsonrpcErrorResponse)


@given(valid_texts, st.data())
def test_parsing_a_damaged_message_gives_a_message_or_a_refusal(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 10)))
    damage = data.draw(st.sampled_from(["", "null", "[", "}", ",", '"', "1", "NaN", "\\ud800"]))
    damaged = text[:start] + damage + text[end:]
    assert to_json(parse_client_message(damaged))
    try:
        parsed = parse_server_message(damaged)
    except InvalidMessageError:
        return
    assert to_json(parsed)


@given(notifications | requests)
def test_a_client_message_survives_the_round_trip(
    message: JsonrpcMessageFromClientToServer,
) -> None:
    parsed = parse_client_message(to_json(message))
    assert parsed == message
    assert parsed.model_fields_set == message.model_fields_set


@given(notifications | responses | error_responses)
def test_a_server_message_survives_the_round_trip(
    message: JsonrpcMessageFromServerToClient,
) -> None:
    parsed = parse_server_message(to_json(message))
    assert parsed == message
    assert to_json(parsed) == to_json(message)


@given(notifications | requests, unknown_members)
def test_unknown_members_of_a_client_message_survive_the_round_trip(
    message: JsonrpcMessageFromClientToServer, unknown: dict[str, object]
) -> None:
    members = message.model_dump() | unknown
    assert json.loads(to_json(parse_client_message(json.dumps(members)))) == members


@given(notifications | responses, unknown_members)
def test_unknown_members_of_a_server_message_survive_the_round_trip(
    message: JsonrpcMessageFromServerToClient, unknown: dict[str, object]
) -> None:
    members = message.model_dump() | unknown
    assert json.loads(to_json(parse_server_message(json.dumps(members)))) == members


@given(error_responses, unknown_members)
def test_unknown_members_of_an_error_survive_the_round_trip(
    message: JsonrpcErrorResponse, unknown: dict[str, object]
) -> None:
    members = message.model_dump() | unknown | {"error": message.error.model_dump() | unknown}
    assert json.loads(to_json(parse_server_message(json.dumps(members)))) == members
