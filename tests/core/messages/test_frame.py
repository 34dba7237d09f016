import pytest

from gatecast.errors import MessageNotSerializableError
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import notification
from tests.core.fakes import HELLO


def test_a_frame_has_the_message_its_text_and_its_bytes() -> None:
    message = notification("grüß", {"to": "Zoë"})
    frame = Frame(message)
    assert frame.message is message
    assert frame.text == '{"jsonrpc":"2.0","method":"grüß","params":{"to":"Zoë"}}'
    assert frame.data == frame.text.encode()


def test_the_size_of_a_frame_is_counted_in_bytes() -> None:
    frame = Frame(notification("grüß"))
    assert len(frame) == len(frame.text) + 2


def test_a_message_without_a_json_form_makes_no_frame() -> None:
    with pytest.raises(MessageNotSerializableError):
        Frame(notification("bad", {"value": float("nan")}))


def test_a_wire_form_is_made_once_per_encoder() -> None:
    made: list[str] = []

    def shouted(frame: Frame) -> str:
        made.append("shouted")
        return frame.text.upper()

    def framed(frame: Frame) -> list[bytes]:
        made.append("framed")
        return [frame.data]

    frame = Frame(HELLO)
    assert frame.encoded(shouted) is frame.encoded(shouted)
    assert frame.encoded(framed) is frame.encoded(framed)
    assert made == ["shouted", "framed"]


def test_frames_share_nothing_with_each_other() -> None:
    first, second = Frame(HELLO), Frame(HELLO)
    assert first.encoded(id) != second.encoded(id)
