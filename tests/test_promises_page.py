"""The page that lists the promises says what the manifest says."""

from gatecast_contracts import PROMISES, RELAY_PROMISES, Promise
from tests.packages import ROOT

PAGE = (ROOT / "docs" / "reference" / "promises.md").read_text(encoding="utf-8")


def row(promise: Promise) -> str:
    """One row of a table; its id is what other pages link to."""
    name = f"**{promise.id}**{{#{promise.id.lower()}}}"
    return f"| {name} | {promise.sentence} | {promise.source} |"


def test_the_page_lists_every_promise_of_the_manifests_in_their_order() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| **")]
    promises = [*PROMISES.values(), *RELAY_PROMISES.values()]
    assert rows == [row(promise) for promise in promises]
