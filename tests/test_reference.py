"""The reference, as it is built: every public name, once, and all that can be called on a class."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import griffe
import pytest

import gatecast
from gatecast import Cluster, ConnectionTransport, TransportGroup
from gatecast_adapters.asgi import AsgiSseTransport, AsgiWebsocketTransport
from gatecast_adapters.litestar_asgi import LitestarSseTransport, LitestarWebsocketTransport
from gatecast_adapters.memory import MemoryTransport
from gatecast_adapters.picows_server import PicowsServerTransport
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_adapters.websockets_server import WebsocketsServerTransport
from tests.packages import ROOT
from tests.public_api import HANDED_OUT, HANDLES, exported, target

# The class that an app holds, and the name under which its page shows it.
VERBS_OF: list[tuple[type[object], str]] = [
    (AsgiSseTransport, "gatecast_adapters.asgi.AsgiSseTransport"),
    (AsgiWebsocketTransport, "gatecast_adapters.asgi.AsgiWebsocketTransport"),
    (BackendSseTransport, "gatecast_adapters.starlette_sse.BackendSseTransport"),
    (BackendWebsocketTransport, "gatecast_adapters.starlette_websocket.BackendWebsocketTransport"),
    (Cluster, "gatecast.Cluster"),
    (ConnectionTransport, "gatecast.ConnectionTransport"),
    (LitestarSseTransport, "gatecast_adapters.litestar_asgi.LitestarSseTransport"),
    (LitestarWebsocketTransport, "gatecast_adapters.litestar_asgi.LitestarWebsocketTransport"),
    (MemoryTransport, "gatecast_adapters.memory.MemoryTransport"),
    (PicowsServerTransport, "gatecast_adapters.picows_server.PicowsServerTransport"),
    (TransportGroup, "gatecast.TransportGroup"),
    (WebsocketsServerTransport, "gatecast_adapters.websockets_server.WebsocketsServerTransport"),
]

HEADING = re.compile(
    r"""<h\d\ id="(?P<name>gatecast[\w.]*)"\ class="doc\ doc-heading">
        .*?</h\d>\s*
        (?P<signature><div\ class="[^"]*doc-signature)?""",
    re.DOTALL | re.VERBOSE,
)


class Reference:
    """The names that the pages of the built reference document."""

    def __init__(self, folder: Path) -> None:
        self.pages_of: dict[str, set[str]] = defaultdict(set)
        """On which pages a name has a heading."""
        self.places_of: dict[str, list[str]] = defaultdict(list)
        """Under which names, and on which pages, an object has one; by where it is defined."""
        self.constructed: set[str] = set()
        """The names that have a signature of their own."""
        for file in folder.rglob("*.html"):
            page = file.parent.relative_to(folder).as_posix() + "/"
            for heading in HEADING.finditer(file.read_text("utf-8")):
                name = heading["name"]
                self.pages_of[name].add(page)
                self.places_of[target(name).path].append(f"{name} on {page}")
                if heading["signature"]:
                    self.constructed.add(name)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    site = tmp_path_factory.mktemp("site")
    command: list[str] = [
        sys.executable,
        "-m",
        "mkdocs",
        "--quiet",
        "build",
        "--strict",
        "--site-dir",
        str(site),
    ]
    subprocess.run(command, cwd=ROOT, check=True, timeout=100)
    return Reference(site / "reference")


def test_every_public_name_is_on_exactly_one_page(reference: Reference) -> None:
    places = {name: reference.places_of[path] for path, name in exported().items()}
    assert {name: found for name, found in places.items() if len(found) != 1} == {}


def test_no_page_shows_what_is_private(reference: Reference) -> None:
    assert [name for name in reference.pages_of if "._" in name] == []


def test_what_an_app_uses_is_not_among_what_authors_use(reference: Reference) -> None:
    for_apps = [target(f"gatecast.{name}").path for name in gatecast.__all__]
    places = [place for path in for_apps for place in reference.places_of[path]]
    assert [place for place in places if re.search(" on (authors|contracts)/", place)] == []


@pytest.mark.parametrize(
    ("cls", "name"), VERBS_OF, ids=lambda value: getattr(value, "__name__", "")
)
def test_the_page_of_a_class_shows_everything_that_can_be_called_on_it(
    cls: type[object], name: str, reference: Reference
) -> None:
    (page,) = reference.pages_of[name]
    public = {f"{name}.{member}" for member in dir(cls) if not member.startswith("_")}
    assert {each for each in public if page not in reference.pages_of[each]} == set()


def test_a_class_that_users_never_make_is_shown_without_its_constructor(
    reference: Reference,
) -> None:
    shown = {name for name in reference.constructed if isinstance(target(name), griffe.Class)}
    assert {name for name in shown if name.rsplit(".", 1)[1] in HANDED_OUT | HANDLES} == set()
