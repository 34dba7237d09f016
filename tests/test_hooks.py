"""The hooks of pre-commit run what `make check` runs."""

import re

from tests.packages import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")


def commands_of_check() -> list[str]:
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe is not None
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]


def hooks() -> list[str]:
    """The commands of the hooks, without the variables that they set first."""
    return re.findall(r"^ +entry: (?:env (?:\w+=\S+ )+)?(.+)$", HOOKS, re.MULTILINE)


def test_the_hooks_run_the_commands_of_make_check_in_its_order() -> None:
    assert hooks() == commands_of_check()


def test_the_variables_that_make_exports_are_set_for_the_hooks() -> None:
    exported = dict(re.findall(r"^export (\w+) := (\S+)$", MAKEFILE, re.MULTILINE))
    assert dict(re.findall(r"\b([A-Z]\w+)=(\S+)", HOOKS)) == exported


def test_no_hook_is_fetched_or_given_single_files() -> None:
    assert re.findall(r"^ *- repo: (.+)$", HOOKS, re.MULTILINE) == ["local"]
    assert HOOKS.count("language: system") == HOOKS.count("pass_filenames: false") == len(hooks())
