"""The files beside this one are read by both type checkers, strictly, and run by nobody.

A line that must be refused says why: `type: ignore[...]` for mypy, `pyright: ignore[...]` for
pyright. The day that it is no longer refused the comment is unused, which is an error as well.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import PACKAGES, ROOT, ROOTS, public_modules

CHECKERS = pytest.mark.parametrize("checker", ["mypy", "pyright"])

ENVIRONMENT = {
    **os.environ,
    # pyright finds what is installed by asking the first interpreter on the path.
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "PYTHONPATH": os.pathsep.join(map(str, ROOTS)),
    # Or it would ask the package index for a newer version of itself.
    "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
}

NOT_REFUSED = """
expected: int = 1  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
"""


def run(checker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", checker, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


@CHECKERS
def test_what_is_right_is_accepted_and_what_is_wrong_refused(checker: str) -> None:
    done = run(checker, "tests/typing")
    assert done.returncode == 0, done.stdout + done.stderr


@CHECKERS
def test_an_expected_error_that_does_not_come_is_an_error(checker: str, tmp_path: Path) -> None:
    file = tmp_path / "not_refused.py"
    file.write_text(NOT_REFUSED)
    done = run(checker, str(file))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "unused-ignore" in done.stdout or "Unnecessary" in done.stdout


@pytest.mark.parametrize("package", [package.name for package in PACKAGES])
def test_the_type_of_every_public_name_is_known_and_annotated(package: str) -> None:
    done = run("pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson")
    completeness = json.loads(done.stdout)["typeCompleteness"]
    incomplete = [
        symbol["name"]
        for symbol in completeness["symbols"]
        if symbol["isExported"] and (symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"])
    ]
    assert incomplete == []
    assert completeness["completenessScore"] == 1


@pytest.mark.parametrize(
    "module", [*public_modules("gatecast"), *public_modules("gatecast_adapters")]
)
def test_no_public_module_has_a_use_for_any(module: str) -> None:
    assert not hasattr(importlib.import_module(module), "Any")
