"""What is public: the places that users import from, and what the signatures there need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import griffe

from tests.packages import PACKAGES, ROOTS, public_modules

PLACES_OF_CORE: Final = (
    "gatecast",
    "gatecast.close_codes",
    "gatecast.cluster",
    "gatecast.connections",
    "gatecast.errors",
    "gatecast.identity",
    "gatecast.messages",
    "gatecast.ports",
)
PLACES: Final = (
    *PLACES_OF_CORE,
    *public_modules("gatecast_adapters"),
    "gatecast_contracts",
    "gatecast_contracts.relay",
    "gatecast_contracts.transport",
)

HANDED_OUT: Final = frozenset(
    {
        "AdapterPort",
        "Admission",
        "LitestarStream",
        "Peer",
        "RelayRig",
        "RelayUser",
        "Rig",
        "SseStream",
        "Visit",
    }
)
"""Classes that users get from Gatecast and never make: their constructors are not public, and the
reference does not show them."""

HANDLES: Final = frozenset({"AsgiHandle", "PicowsHandle", "WebsocketsServerHandle"})
"""Handed out as well, and of these the reference shows only what the ports have."""

_PORTS_OF_HANDLES: Final = frozenset({"send", "close", "pending"})

_OPERATORS: Final = frozenset({"__init__", "__call__"})


@cache
def loaded() -> griffe.ModulesCollection:
    """All three packages, as griffe reads them."""
    loader = griffe.GriffeLoader(search_paths=list(ROOTS))
    for package in PACKAGES:
        loader.load(package.name)
    loader.resolve_aliases(implicit=True)
    return loader.modules_collection


def target(path: str) -> griffe.Object:
    """The object that can be imported as `path`, wherever it was defined."""
    found: griffe.Object | griffe.Alias = loaded()[path]
    return found.final_target if isinstance(found, griffe.Alias) else found


def exports(place: str) -> list[str]:
    """The names in the `__all__` of `place`."""
    return [str(name) for name in target(place).exports or ()]


@cache
def exported() -> dict[str, str]:
    """Where each public object is defined, and the first place that exports it."""
    found: dict[str, str] = {}
    for place in PLACES:
        for name in exports(place):
            found.setdefault(target(f"{place}.{name}").path, f"{place}.{name}")
    return found


@cache
def importable() -> frozenset[str]:
    """Where everything is defined that can be imported, if under another name."""
    # `Handle: TypeAlias = _Handle` exports what it stands for.
    values = [alias_value(target(path)) for path in exported()]
    renamed = [target(each.canonical_path) for each in values if isinstance(each, griffe.ExprName)]
    return frozenset([*exported(), *(each.path for each in renamed)])


def needed_by(path: str) -> Iterator[tuple[str, str]]:
    """Each name of ours that the signatures of a public object need, and where they need it."""
    for where, annotation in _annotations(target(path)):
        for name in _types_in(annotation):
            if name.canonical_path.startswith("gatecast"):
                yield from _named(target(name.canonical_path), where)


def _named(needed: griffe.Object, where: str) -> Iterator[tuple[str, str]]:
    value = alias_value(needed)
    if value is not None and needed.name.startswith("_"):
        # A private alias only saves writing; users see what it stands for.
        for name in _types_in(value):
            if name.canonical_path.startswith("gatecast"):
                yield from _named(target(name.canonical_path), where)
    elif not _is_type_variable(needed):
        yield needed.path, where


def alias_value(found: griffe.Object) -> griffe.Expr | None:
    """What a type alias stands for; `None` for anything else."""
    if not isinstance(found, griffe.Attribute) or not isinstance(found.value, griffe.Expr):
        return None
    is_alias = "TypeAlias" in str(found.annotation) or "callable-type" in found.labels
    return found.value if is_alias or found.value.canonical_path == _CALLABLE else None


_CALLABLE: Final = "collections.abc.Callable"


def _annotations(found: griffe.Object) -> Iterator[tuple[str, griffe.Expr]]:
    if isinstance(found, griffe.Class):
        for member in _public_members(found):
            yield from _annotations(member)
        return
    annotations: list[str | griffe.Expr | None] = []
    if isinstance(found, griffe.Function):
        for signature in (found, *(found.overloads or ())):
            annotations += [signature.returns, *(each.annotation for each in signature.parameters)]
    elif isinstance(found, griffe.Attribute):
        annotations += [found.annotation, alias_value(found)]
    yield from ((found.path, each) for each in annotations if isinstance(each, griffe.Expr))


def _public_members(found: griffe.Class) -> Iterator[griffe.Object]:
    for name, member in found.all_members.items():
        if _is_shown(found, name):
            yield target(member.path)


def _is_shown(found: griffe.Class, name: str) -> bool:
    if found.name in HANDLES:
        return name in _PORTS_OF_HANDLES
    if name == "__init__":
        return found.name not in HANDED_OUT
    return not name.startswith("_") or name in _OPERATORS


def _types_in(annotation: griffe.Expr) -> Iterator[griffe.ExprName]:
    if isinstance(annotation, griffe.ExprName):
        yield annotation
    elif isinstance(annotation, griffe.ExprAttribute):
        # `PArguments.args`, for example: only what it is an attribute of.
        yield from _types_in_each(annotation.values[:1])
    elif isinstance(annotation, griffe.ExprSubscript) and "Annotated" in str(annotation.left):
        # What follows the type is for pydantic.
        slices = annotation.slice
        yield from _types_in_each(
            slices.elements[:1] if isinstance(slices, griffe.ExprTuple) else [slices]
        )
    else:
        yield from _types_in_each(annotation.iterate(flat=False))


def _types_in_each(parts: Iterable[str | griffe.Expr]) -> Iterator[griffe.ExprName]:
    for part in parts:
        if isinstance(part, griffe.Expr):
            yield from _types_in(part)


def _is_type_variable(found: griffe.Object) -> bool:
    value = str(found.value) if isinstance(found, griffe.Attribute) else ""
    return value.startswith(("TypeVar(", "ParamSpec("))
