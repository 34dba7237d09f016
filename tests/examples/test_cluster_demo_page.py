"""The page of a demo that is a cluster, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.cluster_demo.app import LEASE
from examples.cluster_demo.processes import running
from examples.demo.page import CLIENTS
from tests.examples.demo_page import COME_BACK, Page, Pane, open_chromium
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("needs_redis")

ALL = [f"{credential} {kind}" for credential, kind in CLIENTS]
SOCKETS = [name for name in ALL if name.endswith("websocket")]


def test_the_page_shows_a_lease_that_ends_and_its_clients_come_back(tmp_path: Path) -> None:
    with open_chromium(tmp_path) as browser, running() as processes:
        page = Page(browser)
        browser.get(processes.urls[0])
        page.wait_for_node("following", 2 * PATIENCE)
        page.wait_for(dict.fromkeys(ALL, Pane("open")), COME_BACK)
        processes.redis.stop()
        page.wait_for_node("catching up")
        page.wait_for_node("fenced", PATIENCE + LEASE)
        # A stream comes back by itself, and is closed again while the node is fenced.
        page.wait_for_some(dict.fromkeys(SOCKETS, Pane("closed", "1012")))
        processes.redis.start()
        page.wait_for_node("following", PATIENCE + LEASE)
        page.wait_for(dict.fromkeys(ALL, Pane("open")), COME_BACK)
