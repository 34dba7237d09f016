"""The machine and the versions that a run's figures belong to."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_LIBRARIES: Final = (
    "gatecast",
    "httptools",
    "picows",
    "pydantic",
    "sse-starlette",
    "starlette",
    "uvicorn",
    "uvloop",
    "websockets",
)


def describe() -> dict[str, str]:
    """Describe this machine, its kernel, its Python and the libraries under test."""
    libraries = {name: _version(name) for name in _LIBRARIES}
    return {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **libraries,
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "from this checkout"
