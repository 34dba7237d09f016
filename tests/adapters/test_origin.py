"""Which pages may open a connection."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from gatecast.errors import InvalidOriginError
from gatecast_adapters._origin import OriginPolicy


def allowed(policy: OriginPolicy, origin: str | None, host: str | None = "app.example") -> bool:
    headers = {"origin": origin, "host": host}
    return policy.allows(Headers({name: value for name, value in headers.items() if value}))


def test_what_is_no_page_is_let_through() -> None:
    assert allowed(OriginPolicy(), None)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://app.example", "app.example"),
        ("http://app.example", "app.example"),
        ("https://app.example", "app.example:443"),
        ("https://app.example:443", "app.example"),
        ("http://app.example:8000", "app.example:8000"),
        ("https://App.Example", "app.example"),
        ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_the_same_origin_is_allowed(origin: str, host: str) -> None:
    assert allowed(OriginPolicy(), origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "app.example"),
        ("https://app.example.evil.example", "app.example"),
        ("https://evil-app.example", "app.example"),
        ("https://app.example:8443", "app.example"),
        ("http://app.example", "app.example:8000"),
        ("https://app.example", None),
        ("https://app.example", "app.example/"),
        ("https://app.example", "app.example:port"),
        ("null", "app.example"),
        ("null", "null"),
        ("app.example", "app.example"),
        ("//app.example", "app.example"),
        ("https://", ""),
        ("https://app.example/", "app.example"),
        ("https://app.example:port", "app.example"),
        ("https://[app.example", "app.example"),
        ("https://app.example https://app.example", "app.example"),
    ],
)
def test_any_other_origin_is_refused(origin: str, host: str | None) -> None:
    assert not allowed(OriginPolicy(), origin, host)


def test_a_named_origin_is_allowed_with_its_scheme_and_port_only() -> None:
    policy = OriginPolicy(["https://Page.example", "http://page.example:8000"])
    assert allowed(policy, "https://page.example")
    assert allowed(policy, "https://page.example:443")
    assert allowed(policy, "http://page.example:8000")
    assert not allowed(policy, "http://page.example")
    assert not allowed(policy, "https://page.example:8443")
    assert not allowed(policy, "https://sub.page.example")


def test_a_star_allows_every_origin() -> None:
    policy = OriginPolicy(["*"])
    assert allowed(policy, "https://evil.example")
    assert allowed(policy, "null")


@pytest.mark.parametrize(
    "origin",
    [
        "page.example",
        "https://page.example/",
        "https://page.example/path",
        "https://page.example?query",
        "https://page.example#fragment",
        "https://",
        "https://page.example:port",
        "https://*.page.example/*",
        "null",
        "",
    ],
)
def test_what_no_browser_would_send_is_refused_at_construction(origin: str) -> None:
    with pytest.raises(InvalidOriginError):
        OriginPolicy([origin])


def test_one_string_is_no_collection_of_origins() -> None:
    with pytest.raises(InvalidOriginError, match="collection"):
        OriginPolicy("https://page.example")
