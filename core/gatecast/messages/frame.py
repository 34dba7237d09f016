"""A message in the form that is sent: serialised once for all recipients (BRD-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gatecast.messages.jsonrpc import JsonrpcMessage, to_json

__all__ = ["Frame"]

TWire = TypeVar("TWire")


class Frame:
    """One message, its JSON text, and that text's UTF-8 bytes.

    All connections of a broadcast share one frame. An adapter with another wire form (an ASGI
    event, an SSE block) gets it from `encoded`, which also makes it once.
    """

    __slots__ = ("_encoded", "data", "message", "text")

    def __init__(self, message: JsonrpcMessage) -> None:
        """Serialise `message`; raise `MessageNotSerializableError` if it has no JSON form."""
        self.message: JsonrpcMessage = message
        self.text: str = to_json(message)
        self.data: bytes = self.text.encode()
        self._encoded: dict[object, object] = {}

    def encoded(self, encoder: Callable[[Frame], TWire]) -> TWire:
        """The result of `encoder` for this frame, made at the first call and shared by later ones.

        Connections share the result, so it must not be changed.
        """
        if encoder not in self._encoded:
            self._encoded[encoder] = encoder(self)
        # The dictionary maps each encoder to its own result, which no annotation can express; and
        # this runs once per recipient, so not even a `cast` is free.
        return self._encoded[encoder]  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    def __len__(self) -> int:
        """The size of the text in bytes, which is what an outbox counts."""
        return len(self.data)
