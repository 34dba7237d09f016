"""Tables of what was seen and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What it is about, what was seen, and what was expected."""

    subject: str
    seen: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether something else was seen than was expected."""
        return self.seen != self.expected


def format_table(header: Sequence[str], rows: Sequence[Row]) -> str:
    """One line for each row, and another one below it with the expected where that differs."""
    lines = [tuple(header)]
    for row in rows:
        lines.append((row.subject, *row.seen, "DIFFERS" if row.differs else "as expected"))
        if row.differs:
            lines.append(("", *row.expected, "expected"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def print_tables(*tables: tuple[Sequence[str], Sequence[Row]]) -> int:
    """Print tables of a header and rows each; return how many rows differ from the expected."""
    for header, rows in tables:
        print(format_table(header, rows), end="\n\n")
    differences = sum(row.differs for _, rows in tables for row in rows)
    print(f"{differences} differences" if differences else "Everything is as expected.")
    return differences
