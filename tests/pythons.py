"""Run the core's and the contract tests on every Python from 3.11 on that this machine has.

    python -m tests.pythons [--ends] [--folder build/pythons] [argument of pytest, ...]

An interpreter counts if it is on PATH as `python3` or `python3.<minor>`, or among the versions of
pyenv. Each version is tried once, in a fresh virtual environment that holds the dependency group
`test`. With `--ends` only the oldest and the newest are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.packages import ROOT

__all__ = ["Interpreter", "ends_of", "interpreters", "main"]

OLDEST = (3, 11)
TESTED = ("tests/core", "tests/contracts")
NAMED = re.compile(r"python3(\.\d+)?")
ASKED = "import json, sys; print(json.dumps([sys.version_info[:3], sys.executable]))"


class Interpreter(NamedTuple):
    """A Python of this machine."""

    version: tuple[int, ...]
    executable: Path

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def interpreters(folders: Iterable[Path]) -> list[Interpreter]:
    """What `folders` have from 3.11 on, oldest first; of several of one version the first."""
    found: dict[tuple[int, ...], Interpreter] = {}
    for folder in folders:
        for program in sorted(folder.glob("python3*")):
            interpreter = ask(program) if NAMED.fullmatch(program.name) else None
            if interpreter is not None and interpreter.version >= OLDEST:
                found.setdefault(interpreter.version, interpreter)
    return sorted(found.values())


def ask(program: Path) -> Interpreter | None:
    """None where it does not run: pyenv has a stub on PATH for each version, chosen or not."""
    try:
        asked = subprocess.run(
            [program, "-I", "-c", ASKED], capture_output=True, check=False, timeout=60
        )
    except OSError:
        return None
    if asked.returncode != 0:
        return None
    version, executable = json.loads(asked.stdout)
    return Interpreter(tuple(version), Path(executable))


def ends_of(found: Sequence[Interpreter]) -> list[Interpreter]:
    """The oldest and the newest; one that is both, once."""
    return sorted({found[0], found[-1]})


def folders_of_this_machine() -> list[Path]:
    """PATH, without the environment that this runs in, and then pyenv."""
    on_path = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    own = Path(sys.executable).parent
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return [
        *(folder for folder in on_path if folder != own),
        *sorted(pyenv.glob("versions/*/bin")),
    ]


def passes_on(interpreter: Interpreter, folder: Path, arguments: Sequence[str]) -> bool:
    """Whether the tests pass on `interpreter`, in an environment that is made anew in `folder`."""
    say(f"Python {interpreter.name}: {interpreter.executable}")
    environment = folder / interpreter.name
    python = environment / "bin" / "python"
    # Without a pip of its own: Debian's Python has none to give, and the one that runs this serves.
    venv = (interpreter.executable, "-m", "venv", "--clear", "--without-pip", environment)
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    return (
        succeeds(*venv)
        and succeeds(*install, "--editable", ROOT, "--group", "test")
        and succeeds(python, "-m", "pytest", *TESTED, *arguments)
    )


def succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def say(line: str) -> None:
    """Print it before what the next program prints."""
    sys.stdout.write(f"\n{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--ends", action="store_true", help="only the oldest and the newest")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "pythons")
    chosen, for_pytest = parser.parse_known_args(arguments)
    found = interpreters(folders_of_this_machine())
    if not found:
        say("No Python 3.11 or newer on PATH or under pyenv")
        return 1
    wanted = ends_of(found) if chosen.ends else found
    failed = [each.name for each in wanted if not passes_on(each, chosen.folder, for_pytest)]
    say(f"Passed on {len(wanted) - len(failed)} of {', '.join(each.name for each in wanted)}")
    if failed:
        say(f"Failed on {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
