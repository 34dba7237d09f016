"""Rules about the shape of the three packages that no tool knows."""

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.packages import PACKAGES, PYPROJECT, ROOTS, public_modules

PUBLIC_MODULES = [name for package in PACKAGES for name in public_modules(package.name)]


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_a_root_holds_one_typed_package_of_ours_and_nothing_else(root: Path) -> None:
    # Each root is on the path: a stray `adapters/starlette.py` would shadow the real starlette.
    (package,) = [path for path in root.iterdir() if path.name != "__pycache__"]
    assert package in PACKAGES
    assert (package / "py.typed").is_file()


def defined_in(module: ModuleType) -> set[str]:
    """Public classes and functions that `module` defines itself."""
    return {
        name
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_all_lists_every_public_name_once(name: str) -> None:
    module = importlib.import_module(name)
    exported: list[str] = getattr(module, "__all__", [])
    assert len(exported) == len(set(exported))
    assert defined_in(module) <= set(exported)
    assert all(hasattr(module, each) for each in exported)


def test_every_adapter_stands_in_the_import_rule_that_keeps_adapters_apart() -> None:
    # import-linter has no pattern for "without an underscore", so that rule is a list of names.
    rules = PYPROJECT["tool"]["importlinter"]["contracts"]
    (rule,) = [each for each in rules if each.get("containers") == ["gatecast_adapters"]]
    listed = {f"gatecast_adapters.{name}" for name in re.findall(r"\w+", " ".join(rule["layers"]))}
    assert set(public_modules("gatecast_adapters")) - {"gatecast_adapters"} <= listed
