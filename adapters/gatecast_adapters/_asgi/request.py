"""What an ASGI connection was asked for with, for those who have no framework to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast
from urllib.parse import parse_qsl

from gatecast_adapters._asgi.types import Scope

__all__ = ["AsgiRequest"]


@dataclass(frozen=True)
class AsgiRequest:
    """A request for a connection."""

    scope: Scope
    """All of it, as the server gave it."""

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.scope.get("path", ""))

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The first value of each header, by its name in lower case."""
        headers: dict[str, str] = {}
        for name, value in self._raw_headers():
            headers.setdefault(name, value)
        return headers

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The first value of each cookie, without the quotes around it."""
        cookies: dict[str, str] = {}
        for header in [value for name, value in self._raw_headers() if name == "cookie"]:
            for pair in header.split(";"):
                name, _, value = pair.partition("=")
                cookies.setdefault(name.strip(), value.strip().strip('"'))
        return cookies

    def _raw_headers(self) -> list[tuple[str, str]]:
        # The ASGI specification says so, and `Scope` has no types for what is in it.
        raw = cast(Iterable[tuple[bytes, bytes]], self.scope.get("headers", ()))
        return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The last value of each parameter in the query string."""
        raw = self.scope.get("query_string", b"")
        return dict(parse_qsl(raw.decode("latin-1"))) if isinstance(raw, bytes) else {}
