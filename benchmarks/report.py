"""Puts the tables of a run into the documentation: `python -m benchmarks.report RESULT.json`."""

import argparse
from pathlib import Path
from typing import Final

from benchmarks.result import RunResult
from benchmarks.table import render_run

_PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN: Final = "<!-- results: begin -->"
_END: Final = "<!-- results: end -->"


def main() -> None:
    """Replace what stands between the page's two markers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=main.__doc__)
    parser.add_argument("result", type=Path, help="a JSON file that a run has written")
    path: Path = parser.parse_args().result
    tables = render_run(RunResult.load(path))
    _PAGE.write_text(_replaced(_PAGE.read_text(), tables))


def _replaced(page: str, tables: str) -> str:
    before, rest = page.split(_BEGIN)
    after = rest.split(_END)[1]
    return f"{before}{_BEGIN}\n{tables}\n{_END}{after}"


if __name__ == "__main__":
    main()
