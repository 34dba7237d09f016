"""`make demo-check`: that the demo passes, and that a demo which does something else does not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from examples.demo import app, check, scenario
from tests.packages import ROOT, ROOTS


def test_the_scenario_comes_out_as_expected_on_a_machine_of_its_own() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "examples.demo", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, ROOTS))},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert finished.stderr == ""
    assert finished.returncode == 0, finished.stdout
    rows = [line for line in finished.stdout.splitlines() if line.endswith("as expected")]
    assert len(rows) == len(scenario.STEPS) + len(scenario.EXPECTED)


@pytest.mark.anyio
async def test_a_rule_that_lets_too_many_in_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(app.RULES, "is_session_of_ada", app.is_session)
    # One step reaches too many, and both clients of the other account see its message.
    assert await check.check() == 3
    rows = capsys.readouterr().out.splitlines()
    assert sum(row.endswith("DIFFERS") for row in rows) == 3


@pytest.mark.anyio
async def test_another_close_code_than_the_expected_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = ("ada-phone", "sse")
    monkeypatch.setitem(
        scenario.EXPECTED, client, scenario.Outcome(scenario.PHONE, scenario.REVOKED)
    )
    assert await check.check() == 1
    rows = capsys.readouterr().out
    assert "1001 Server shutting down" in rows
