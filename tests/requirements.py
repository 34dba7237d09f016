"""What a test needs from the machine: absent, it skips on a desk and fails in CI."""

import os
from typing import TypeVar

import pytest

TFound = TypeVar("TFound")


def require(found: TFound | None, reason: str) -> TFound:
    """Return `found`, for example `require(shutil.which("chromium"), "no chromium on PATH")`.

    Where the requirement is missing the test is skipped with `reason`. Under `CI=true` it fails, so
    that nothing is ever skipped there unseen.
    """
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"required in CI: {reason}", pytrace=False)
    pytest.skip(reason)
