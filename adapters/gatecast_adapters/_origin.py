"""Which pages may open a connection: a browser sends cookies with a socket to any origin (CSWSH).

Neither WebSocket nor a simple GET is held back by the same-origin policy, so a foreign page could
open a connection as its visitor. The server has to look at `Origin` itself (RFC 6455 section 10.2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from gatecast.errors import InvalidOriginError

__all__ = ["OriginPolicy"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class OriginPolicy:
    """Same origin by default, further ones by name, `"*"` for any.

    A request without `Origin` does not come from a page and is let through: what it may see is for
    its credential to say. Scheme and host are compared as RFC 6454 says, except that for the same
    origin only the host counts, since behind a proxy a server does not know its own scheme.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        """Raises `InvalidOriginError` for what is no `scheme://host[:port]` and not `"*"`."""
        if isinstance(allowed, str):
            raise InvalidOriginError(allowed)
        self._any = "*" in allowed
        self._allowed = frozenset(_normalized(origin) for origin in allowed if origin != "*")

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with `headers`, a mapping that ignores case, may connect."""
        origin = headers.get("origin")
        if origin is None or self._any:
            return True
        try:
            normalized = _normalized(origin)
        except InvalidOriginError:
            return False
        return normalized in self._allowed or _is_host(normalized, headers.get("host", ""))


def _normalized(origin: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError as error:
        raise InvalidOriginError(origin) from error
    if not parts.scheme or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise InvalidOriginError(origin)
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS.get(parts.scheme)


def _is_host(origin: tuple[str, str, int | None], host: str) -> bool:
    scheme, hostname, port = origin
    try:
        return _normalized(f"{scheme}://{host}")[1:] == (hostname, port)
    except InvalidOriginError:
        return False
