"""The shape that lies between files: imports, inheritance, and how many names there are to know.

Imports that only a type checker carries out count as well: a reader follows them like any other.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

import grimp
import pytest

import gatecast
from gatecast import ConnectionTransport
from tests.packages import PACKAGES, public_modules

OURS = [package.name for package in PACKAGES]

Imports: TypeAlias = dict[str, set[str]]


def imports_of_modules() -> Imports:
    """What each module of the three packages imports of them."""
    graph = grimp.build_graph(*OURS, exclude_type_checking_imports=False, cache_dir=None)
    return {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}


def imports_of_rooms() -> Imports:
    """The same for what stands at the top level of the core, each package in it taken as one."""
    rooms: Imports = {}
    for module, imported in MODULES.items():
        if room := room_of(module):
            rooms.setdefault(room, set()).update(filter(None, map(room_of, imported)))
    return {room: imported - {room} for room, imported in rooms.items()}


def room_of(module: str) -> str:
    package, *inner = module.split(".")
    return inner[0] if inner and package == "gatecast" else ""


def circle(imports: Imports) -> list[str]:
    """A circle of imports, as the names in it; empty if there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        names: list[str] = error.args[1]
        return names
    return []


def floors(imports: Imports) -> int:
    """How many there are in the longest chain of imports."""
    floor: dict[str, int] = {}
    for each in TopologicalSorter(imports).static_order():
        floor[each] = 1 + max((floor[imported] for imported in imports[each]), default=0)
    return max(floor.values())


def classes() -> Iterator[type[object]]:
    """Every class of ours that is not an error."""
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
            module = importlib.import_module(name.removesuffix(".__init__"))
            for each in vars(module).values():
                if inspect.isclass(each) and each.__module__ == module.__name__:
                    yield each


def bases_of_ours(cls: type[object]) -> list[str]:
    """What `cls` inherits from, of what we wrote; a protocol says what it is and holds nothing."""
    return [
        base.__qualname__
        for base in cls.__mro__[1:]
        if base.__module__.partition(".")[0] in OURS and not getattr(base, "_is_protocol", False)
    ]


def transports() -> dict[str, type[object]]:
    """The classes that an app holds, by name."""
    modules = map(importlib.import_module, public_modules("gatecast_adapters"))
    return {
        name: each
        for module in modules
        for name, each in vars(module).items()
        if inspect.isclass(each) and issubclass(each, ConnectionTransport)
    }


MODULES = imports_of_modules()
ROOMS = imports_of_rooms()


def test_no_module_imports_what_imports_it() -> None:
    assert circle(MODULES) == []


def test_the_core_has_at_most_eight_rooms() -> None:
    assert len(ROOMS) <= 8, sorted(ROOMS)


def test_no_room_of_the_core_imports_one_that_imports_it() -> None:
    assert circle(ROOMS) == []


def test_the_core_has_at_most_seven_floors() -> None:
    assert floors(ROOMS) <= 7


def test_no_class_inherits_from_more_than_two_of_ours() -> None:
    deep = {
        cls.__qualname__: bases
        for cls in classes()
        if not issubclass(cls, BaseException) and len(bases := bases_of_ours(cls)) > 2
    }
    assert deep == {}


@pytest.mark.parametrize("name", sorted(transports()))
def test_a_transport_has_at_most_thirty_public_names(name: str) -> None:
    public = [each for each in dir(transports()[name]) if not each.startswith("_")]
    assert len(public) <= 30, public


def test_the_top_of_the_package_has_at_most_sixty_names() -> None:
    assert len(gatecast.__all__) <= 60
