"""The wheel as a user gets it: built from the sdist, installed outside the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packages import PACKAGES, PYPROJECT, ROOT, public_modules

pytestmark = pytest.mark.timeout(300)

CORE_DEPENDENCIES = {
    "annotated_types",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
}

EXTRA_OF = {
    "asgi": "asgi",
    "cluster_lifespan": "redis",
    "event_loop": None,
    "in_process_relay": None,
    "litestar_asgi": "litestar",
    "memory": None,
    "picows_server": "picows",
    "redis_streams": "redis",
    "starlette_sse": "sse",
    "starlette_websocket": "starlette",
    "uvicorn_shutdown": "uvicorn",
    "websockets_server": "websockets",
}

IMPORTED = """
import importlib, json, sys
for name in {modules!r}:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def run(*command: str | Path) -> str:
    """Run `command` and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def make_environment(folder: Path, *requirements: str) -> Path:
    """Make a virtual environment that holds `requirements` only; return its interpreter."""
    run(sys.executable, "-m", "venv", folder)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", *requirements)
    return python


def modules_after_importing(python: Path, *modules: str) -> set[str]:
    """Names of everything that is loaded once `modules` are imported, outside the checkout."""
    return set(json.loads(run(python, "-I", "-c", IMPORTED.format(modules=modules))))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bare_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the wheel and no extra."""
    return make_environment(tmp_path_factory.mktemp("bare") / "venv", str(wheel))


def files_of(package: Path) -> set[str]:
    return {
        str(file.relative_to(package.parent))
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name for name in names if ".dist-info/" not in name}
    assert shipped == set().union(*map(files_of, PACKAGES))


def test_the_wheel_tells_type_checkers_that_each_package_is_typed(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"{package.name}/py.typed" for package in PACKAGES} <= set(names)


def test_the_core_imports_with_nothing_but_its_own_dependencies(bare_python: Path) -> None:
    loaded = modules_after_importing(bare_python, *public_modules("gatecast"))
    top_level = {name.partition(".")[0] for name in loaded}
    foreign = top_level - sys.stdlib_module_names - CORE_DEPENDENCIES
    assert {name for name in foreign if not name.startswith("_")} == {"gatecast"}
    assert "asyncio" not in loaded


def missing_extra(python: Path, adapter: str) -> str | None:
    """The extra that `adapter` asks for when `python` imports it; None if it needs none."""
    probe = f"import gatecast_adapters.{adapter}"
    done = subprocess.run([python, "-I", "-c", probe], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("ModuleNotFoundError: No module named "), error
    _, named, extra = error.partition("pip install 'gatecast[")
    assert named, f"{adapter} does not say which extra it needs: {error}"
    return extra.removesuffix("]'")


def test_every_adapter_is_listed_with_its_extra() -> None:
    listed = {f"gatecast_adapters.{adapter}" for adapter in EXTRA_OF}
    assert listed == set(public_modules("gatecast_adapters")) - {"gatecast_adapters"}
    extras = PYPROJECT["project"]["optional-dependencies"]
    assert {extra for extra in EXTRA_OF.values() if extra} <= extras.keys()


@pytest.mark.parametrize(("adapter", "extra"), EXTRA_OF.items())
def test_an_adapter_without_its_extra_names_it(
    bare_python: Path, adapter: str, extra: str | None
) -> None:
    assert missing_extra(bare_python, adapter) == extra


@pytest.mark.long
@pytest.mark.parametrize(("adapter", "extra"), EXTRA_OF.items())
def test_an_adapter_imports_with_only_its_own_extra(
    adapter: str, extra: str | None, wheel: Path, tmp_path: Path
) -> None:
    python = make_environment(tmp_path / "venv", f"{wheel}[{extra}]" if extra else str(wheel))
    module = f"gatecast_adapters.{adapter}"
    assert module in modules_after_importing(python, module)
