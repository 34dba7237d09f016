"""What the pages say about code: it is included from files that tests run, and the tables hold."""

import re
from pathlib import Path
from typing import get_args, get_origin

import pytest

from gatecast import AuditEventType, CloseCode, Observation
from gatecast.close_codes import is_final
from tests.packages import PYPROJECT, ROOT
from tests.test_packaging import EXTRA_OF

DOCS = ROOT / "docs"
TESTS = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

# What these pages show besides are fragments: of a contract that declines a capability, and of a
# program that ends.
FRAGMENTS = {"write-your-own-adapter.md", "native-servers.md"}

SNIPPET = re.compile(r'--8<-- "([\w/.]+?)(?::\w+)?"')


def pages() -> list[Path]:
    return sorted(page for page in DOCS.rglob("*.md") if page.name not in FRAGMENTS)


def python_blocks(page: Path) -> list[str]:
    return re.findall(
        r"^ *```python\n(.*?)^ *```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(DOCS)))
def test_the_python_in_a_page_is_included_from_a_file_that_a_test_runs(page: Path) -> None:
    for block in python_blocks(page):
        included = SNIPPET.fullmatch(block.strip())
        assert included, f"{page.name} has code that nothing runs:\n{block}"
        file = Path(included[1])
        assert (ROOT / file).is_file()
        assert file.name.startswith("test_") or re.search(rf"\b{file.stem}\b", TESTS), file


def test_the_page_of_close_codes_has_every_code_and_says_which_are_final() -> None:
    page = (DOCS / "reference" / "close-codes.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \|(?:.*\| (yes|no) \|$)?", page, re.MULTILINE)
    listed = {int(code): final for codes, final in rows for code in codes.split(", ")}
    assert set(CloseCode) <= set(listed)
    assert [code for code, final in listed.items() if (final == "yes") != is_final(code)] == []


def test_the_readme_has_every_extra_and_every_module_that_needs_one() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (?:`(\w+)`|none) \| (`gatecast.*?`) \|", readme, re.MULTILINE)
    listed = [(extra, module) for extra, cell in rows for module in re.findall(r"[\w.]+", cell)]
    needing = [(extra or "", f"gatecast_adapters.{name}") for name, extra in EXTRA_OF.items()]
    # What only authors of adapters import is not listed.
    needing.remove(("", "gatecast_adapters.event_loop"))
    assert sorted(listed) == sorted([*needing, ("contracts", "gatecast_contracts")])
    extras = PYPROJECT["project"]["optional-dependencies"].keys()
    assert {extra for extra, _ in listed if extra} == extras - {"all"}


def test_the_start_page_shows_the_readmes_table_of_extras() -> None:
    page = (DOCS / "index.md").read_text("utf-8")
    assert '--8<-- "README.md:extras"' in page
    assert "gatecast_adapters" not in page


def test_the_guide_to_the_observer_has_every_event() -> None:
    page = (DOCS / "how-to" / "observe-connections.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    events = [get_origin(each) or each for each in get_args(Observation)]
    assert listed == [event.__name__ for event in events]


def test_the_guide_to_the_guard_has_every_event() -> None:
    page = (DOCS / "how-to" / "wire-an-audit-log.md").read_text("utf-8")
    listed = re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(event.name for event in AuditEventType)
