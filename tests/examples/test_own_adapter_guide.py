"""What the guide "Write your own adapter" says of its example, besides the example itself."""

from __future__ import annotations

import ast
from typing import TypeGuard

import tests.examples.test_own_adapter as example
from tests.packages import ROOT

ADAPTER = ROOT / "examples" / "own_adapter.py"
CONTRACT = ROOT / "tests" / "examples" / "test_own_adapter.py"


class TestLinesOnTrio(example.TestLines):
    backend = "trio"


def lines_of_code(source: str) -> int:
    """Lines that hold something other than an import, a docstring, a comment or nothing."""
    tree = ast.parse(source)
    ignored = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring(node)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return sum(
        number not in ignored and line.strip() != "" and not line.strip().startswith("#")
        for number, line in enumerate(source.splitlines(), 1)
    )


def is_docstring(node: ast.AST) -> TypeGuard[ast.Expr]:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def test_the_adapter_and_its_contract_are_under_80_lines() -> None:
    assert lines_of_code(ADAPTER.read_text() + CONTRACT.read_text()) < 80
