"""The page on security gives the limits that the code has."""

import importlib
import inspect
import re

import pytest

from gatecast_contracts import PROMISES
from tests.packages import ROOT, public_modules

PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
LIMITS = [
    (limit, default, name)
    for limit, default, names in re.findall(r"^\| `(\w+)` \| (\S+) \| (.+) \|$", PAGE, re.MULTILINE)
    for name in re.findall(r"\w+", names)
]


def public(name: str) -> object:
    """What a public module of the core or the adapters exports as `name`."""
    modules = [*public_modules("gatecast"), *public_modules("gatecast_adapters")]
    found = (getattr(importlib.import_module(module), name, None) for module in modules)
    return next(each for each in found if each is not None)


@pytest.mark.parametrize(("limit", "default", "name"), LIMITS)
def test_a_limit_has_the_default_that_the_page_gives(limit: str, default: str, name: str) -> None:
    owner = public(name)
    assert callable(owner)
    assert str(inspect.signature(owner).parameters[limit].default) == default


def test_every_promise_and_every_page_that_it_names_exists() -> None:
    named = set(re.findall(r"\b[A-Z]{3}-\d\b", PAGE))
    assert {each for each in named if not each.startswith("CLU")} <= set(PROMISES)
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / target).is_file(), target
