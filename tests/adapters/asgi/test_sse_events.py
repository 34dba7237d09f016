"""What goes over a stream, byte by byte."""

from __future__ import annotations

import json

import pytest
from starlette.types import Message

from gatecast.close_codes import CloseCode
from gatecast.errors import InvalidEventFieldError
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import notification
from gatecast.ports.ending import Ending
from gatecast_adapters._asgi.sse_events import (
    CLOSED_EVENT_ID,
    KEEP_ALIVE,
    OPENING,
    body,
    close_encoder,
    encoder,
)

FRAME = Frame(notification("greet"))


def block_of(message: Message) -> bytes:
    block = message["body"]
    assert isinstance(block, bytes)
    return block


def close_fields(code: int, reason: str) -> dict[str, str]:
    """The fields of the final event, where each comes once."""
    block = block_of(
        close_encoder(2.0, lambda low, high: high)(Ending.by_app(code, reason))
    ).decode()
    assert block.endswith("\n\n")
    return dict(line.split(": ", 1) for line in block[:-2].split("\n"))


def test_an_event_is_made_once_for_all_streams() -> None:
    encode = encoder(None, None)
    assert FRAME.encoded(encode) is FRAME.encoded(encode)


def test_without_fields_a_block_has_data_only() -> None:
    assert encoder(None, None)(FRAME) == {
        "type": "http.response.body",
        "body": f"data: {FRAME.text}\n\n".encode(),
        "more_body": True,
    }


def test_a_field_is_left_out_where_there_is_none() -> None:
    encode = encoder(lambda _: None, lambda _: "7")
    assert encode(FRAME)["body"] == f"id: 7\ndata: {FRAME.text}\n\n".encode()


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\r\nb", "a\0b", "\n"])
def test_a_field_that_would_break_out_of_its_line_is_refused(value: str) -> None:
    with pytest.raises(InvalidEventFieldError) as caught:
        encoder(lambda _: value, None)(FRAME)
    assert (caught.value.field, caught.value.value) == ("event", value)
    with pytest.raises(InvalidEventFieldError) as caught:
        encoder(None, lambda _: value)(FRAME)
    assert (caught.value.field, caught.value.value) == ("id", value)


@pytest.mark.parametrize("value", [CLOSED_EVENT_ID, f" {CLOSED_EVENT_ID}\t"])
def test_an_id_that_would_pass_for_the_one_of_our_final_event_is_refused(value: str) -> None:
    with pytest.raises(InvalidEventFieldError, match="reserved") as caught:
        encoder(None, lambda _: value)(FRAME)
    assert (caught.value.field, caught.value.value) == ("id", value)


def test_an_event_that_would_pass_for_our_final_one_is_refused() -> None:
    with pytest.raises(InvalidEventFieldError, match="reserved") as caught:
        encoder(lambda _: "close", None)(FRAME)
    assert (caught.value.field, caught.value.value) == ("event", "close")


def test_only_the_exact_value_in_its_own_field_is_reserved() -> None:
    block = block_of(encoder(lambda _: CLOSED_EVENT_ID, lambda _: "close")(FRAME))
    assert block.startswith(f"id: close\nevent: {CLOSED_EVENT_ID}\n".encode())
    assert encoder(lambda _: "closed", lambda _: "Gatecast-Closed")(FRAME)


@pytest.mark.parametrize("value", ["", " ", ": ", "ä\u2028\x85\x0b", "data: x"])
def test_what_stays_within_its_line_is_kept(value: str) -> None:
    block = encoder(lambda _: value, None)(FRAME)["body"]
    assert block == f"event: {value}\ndata: {FRAME.text}\n\n".encode()


@pytest.mark.parametrize("comment", [OPENING, KEEP_ALIVE])
def test_a_comment_is_no_event(comment: Message) -> None:
    assert comment["more_body"] is True
    assert comment["body"].startswith(b": ")
    assert comment["body"].endswith(b"\n\n")
    assert comment["body"].count(b"\n") == 2


def test_the_body_ends_with_the_close() -> None:
    assert body(b"a", more=False)["more_body"] is False
    assert close_encoder(2.0, max)(Ending.by_app(1000))["more_body"] is False


def test_a_close_tells_code_and_reason_and_no_line_of_its_own() -> None:
    reason = 'Größe "µ"\nevent: injected\r\n\r\n\0'
    fields = close_fields(4321, reason)
    assert fields["event"] == "close"
    assert json.loads(fields["data"]) == {"code": 4321, "reason": reason}
    assert set(fields) == {"event", "data"}


@pytest.mark.parametrize(
    "code",
    [CloseCode.SESSION_REVOKED, CloseCode.POLICY_VIOLATION, CloseCode.TOO_MANY_CONNECTIONS],
)
def test_a_close_for_good_has_the_id_at_which_a_browser_is_told_to_stop(code: int) -> None:
    assert close_fields(code, "")["id"] == CLOSED_EVENT_ID
