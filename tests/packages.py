"""Where the three packages are, and what is public in them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOTS = [ROOT / "core", ROOT / "adapters", ROOT / "contracts"]
PACKAGES = [
    ROOT / "core" / "gatecast",
    ROOT / "adapters" / "gatecast_adapters",
    ROOT / "contracts" / "gatecast_contracts",
]


def public_modules(package: str) -> list[str]:
    """Dotted names of `package` and of every module in it that has no underscore in front."""
    (folder,) = [path for path in PACKAGES if path.name == package]
    files = (path.relative_to(folder.parent).with_suffix("") for path in folder.rglob("*.py"))
    names = (".".join(path.parts).removesuffix(".__init__") for path in files)
    return sorted(name for name in names if "._" not in name)
