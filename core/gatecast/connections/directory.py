"""A registry of named transports, with a fallback."""

from __future__ import annotations

from gatecast.errors import DuplicateTransportError, UnknownTransportError
from gatecast.ports.transport import Transport

__all__ = ["Transports"]


class Transports:
    """The transports of an app by name, one of them current.

    With `allow_fallback`, `get_transport` returns the current transport in place of one that is not
    ready, or else the first registered one that is ready. Without it, it returns `None`.
    """

    def __init__(self, *, allow_fallback: bool = True) -> None:
        self.allow_fallback = allow_fallback
        self._by_name: dict[str, Transport] = {}
        self._current: Transport | None = None

    def register_transport(self, transport: Transport) -> None:
        """Add `transport`; the first one becomes the current one.

        Raises `DuplicateTransportError` if another one has its name.
        """
        name = transport.transport_name
        if self._by_name.setdefault(name, transport) is not transport:
            raise DuplicateTransportError(name)
        if self._current is None:
            self._current = transport

    def set_current_transport(self, transport_name: str) -> None:
        """Make another transport the current one; raises `UnknownTransportError`."""
        transport = self._by_name.get(transport_name)
        if transport is None:
            raise UnknownTransportError(transport_name, tuple(self._by_name))
        self._current = transport

    def get_transport(self, transport_name: str | None = None) -> Transport | None:
        """The named transport, by default the current one, if it is ready; else the fallback."""
        asked = self._current if transport_name is None else self._by_name.get(transport_name)
        candidates = [asked]
        if self.allow_fallback:
            candidates += [self._current, *self._by_name.values()]
        return next((each for each in candidates if each is not None and each.is_ready()), None)

    def get_transport_by_name(self, transport_name: str) -> Transport | None:
        """The named transport, ready or not."""
        return self._by_name.get(transport_name)

    def get_current_transport(self) -> Transport | None:
        """The current transport, ready or not."""
        return self._current

    def get_current_transport_name(self) -> str | None:
        """The name of the current transport."""
        return None if self._current is None else self._current.transport_name

    def is_ready(self) -> bool:
        """Whether the current transport is ready."""
        return self._current is not None and self._current.is_ready()
