"""What users can import is small, and enough to annotate everything that they are given."""

from __future__ import annotations

import importlib

import pytest

import gatecast
from gatecast_adapters.asgi import AsgiSseTransport, AsgiWebsocketTransport
from gatecast_adapters.litestar_asgi import LitestarSseTransport, LitestarWebsocketTransport
from gatecast_adapters.memory import MemoryTransport
from gatecast_adapters.picows_server import PicowsServerTransport
from gatecast_adapters.starlette_sse import BackendSseTransport
from gatecast_adapters.starlette_websocket import BackendWebsocketTransport
from gatecast_adapters.websockets_server import WebsocketsServerTransport
from tests.public_api import PLACES, exports, importable, needed_by

TRANSPORTS: list[type[object]] = [
    AsgiSseTransport,
    AsgiWebsocketTransport,
    BackendSseTransport,
    BackendWebsocketTransport,
    LitestarSseTransport,
    LitestarWebsocketTransport,
    MemoryTransport,
    PicowsServerTransport,
    WebsocketsServerTransport,
]


def test_the_top_of_the_package_has_at_most_60_names() -> None:
    assert len(gatecast.__all__) <= 60


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__)
def test_a_transport_has_at_most_30_public_names(transport: type[object]) -> None:
    assert len([name for name in dir(transport) if not name.startswith("_")]) <= 30


@pytest.mark.parametrize("place", PLACES)
def test_what_is_read_from_the_sources_is_what_a_place_exports(place: str) -> None:
    assert exports(place) == getattr(importlib.import_module(place), "__all__", [])


@pytest.mark.parametrize("place", PLACES)
def test_whatever_a_signature_needs_can_be_imported_from_a_public_place(place: str) -> None:
    missing = {
        needed: where
        for name in exports(place)
        for needed, where in needed_by(f"{place}.{name}")
        if needed not in importable()
    }
    assert missing == {}
