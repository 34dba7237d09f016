"""Which interpreters `make test-pythons` finds."""

import json
from pathlib import Path

import pytest

from tests.pythons import Interpreter, ends_of, interpreters


def install(program: Path, *version: int) -> Interpreter:
    """Put something on the path that says it is this version."""
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\necho '{json.dumps([version, str(program)])}'\n")
    program.chmod(0o755)
    return Interpreter(version, program)


def test_every_version_from_3_11_on_is_found_once_and_the_oldest_first(tmp_path: Path) -> None:
    newer = install(tmp_path / "on_path" / "python3.13", 3, 13, 0)
    older = install(tmp_path / "on_path" / "python3.11", 3, 11, 2)
    install(tmp_path / "on_path" / "python3", 3, 13, 0)
    install(tmp_path / "on_path" / "python3.10", 3, 10, 9)
    patched = install(tmp_path / "pyenv" / "python3.11", 3, 11, 7)
    install(tmp_path / "pyenv" / "python3.13", 3, 13, 0)

    found = interpreters([tmp_path / "on_path", tmp_path / "pyenv", tmp_path / "missing"])

    assert [each.version for each in found] == [older.version, patched.version, newer.version]
    assert found[:2] == [older, patched]


def test_what_is_no_interpreter_is_left_out(tmp_path: Path) -> None:
    install(tmp_path / "python3.12-config", 3, 12, 1)
    (tmp_path / "python3.12").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.12").chmod(0o755)
    (tmp_path / "python3.13").write_text("not a program")
    assert interpreters([tmp_path]) == []


@pytest.mark.parametrize(("minors", "ends"), [([11], [11]), ([11, 12, 13], [11, 13])])
def test_the_ends_are_the_oldest_and_the_newest(minors: list[int], ends: list[int]) -> None:
    found = [Interpreter((3, minor, 0), Path(f"python3.{minor}")) for minor in minors]
    assert [each.version[1] for each in ends_of(found)] == ends
