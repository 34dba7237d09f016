"""The demo's page in a real browser: what a person would click, and what every pane shows then."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from selenium.webdriver import Chrome

from examples.demo.page import CLIENTS
from tests.examples.demo_page import (
    COME_BACK,
    DemoPage,
    Pane,
    StreamRequest,
    open_chromium,
    open_demo_page,
)

OPEN = Pane("open")
REVOKED = Pane("closed", "4001")
ALL_OPEN = {f"{credential} {kind}": OPEN for credential, kind in CLIENTS}

# EventSource.readyState
STREAM_OPEN = 1
STREAM_CLOSED = 2


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Chrome]:
    """One browser for all tests, since it takes seconds to start."""
    with open_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def page(browser: Chrome) -> Generator[DemoPage]:
    """The page as it is at the start: six clients, all of them connected."""
    with open_demo_page(browser) as page:
        page.wait_for(ALL_OPEN)
        yield page


def test_a_broadcast_by_rule_reaches_only_the_right_panes(page: DemoPage) -> None:
    page.send("to Ada's devices", "/messages/rules/is_session_of_ada")
    page.send("to all", "/messages/everyone")
    chosen = ("ada-laptop websocket", "ada-laptop sse", "ada-phone sse")
    expected = dict.fromkeys(ALL_OPEN, Pane("open", texts=("to all",)))
    page.wait_for(
        expected | dict.fromkeys(chosen, Pane("open", texts=("to Ada's devices", "to all")))
    )


def test_a_revoked_session_closes_its_panes_and_its_event_source_does_not_reconnect(
    page: DemoPage,
) -> None:
    laptop = page.demo.directory.sessions["ada-laptop"].secret
    page.click("[data-revoke=ada-laptop] button")
    closed = dict.fromkeys(("ada-laptop websocket", "ada-laptop sse"), REVOKED)
    page.wait_for(ALL_OPEN | closed, COME_BACK)
    states = page.ready_states()
    assert states.pop(laptop) == STREAM_CLOSED
    assert list(states.values()) == [STREAM_OPEN, STREAM_OPEN]
    assert [request for request in page.requests if request.secret == laptop] == [
        StreamRequest(laptop, None, 200),
        StreamRequest(laptop, "gatecast-closed", 204),
    ]


def test_a_revoked_token_and_a_revoked_account_close_their_panes(page: DemoPage) -> None:
    page.click("[data-revoke=ada-backup-bot] button")
    without_bot = ALL_OPEN | {"ada-backup-bot websocket": REVOKED}
    page.wait_for(without_bot)
    page.click("[data-revoke=grace] button")
    closed = dict.fromkeys(("grace-laptop websocket", "grace-laptop sse"), REVOKED)
    page.wait_for(without_bot | closed, COME_BACK)


def test_an_event_source_comes_back_after_a_close_that_is_not_final(page: DemoPage) -> None:
    page.portal.call(page.demo.close_everything, 1012, "Service restart")
    closed = {name: Pane("closed", "1012") for name in ALL_OPEN if name.endswith("websocket")}
    page.wait_for({name: Pane("closing", "1012") for name in ALL_OPEN} | closed)
    page.wait_for(ALL_OPEN | closed, COME_BACK)
    assert [request.status for request in page.requests] == [200] * 6
    page.send("welcome back", "/messages/everyone")
    page.wait_for(dict.fromkeys(ALL_OPEN, Pane("open", texts=("welcome back",))) | closed)


def test_a_revoked_client_is_refused_until_the_demo_starts_over(page: DemoPage) -> None:
    page.click("[data-revoke=ada-backup-bot] button")
    page.wait_for(ALL_OPEN | {"ada-backup-bot websocket": REVOKED})
    page.click("[data-client='ada-backup-bot websocket'] .again")
    page.wait_for(ALL_OPEN | {"ada-backup-bot websocket": Pane("closed", "1006")})
    page.click("#start-over")
    page.wait_for(ALL_OPEN)


def test_a_client_can_be_removed_and_another_one_opened(page: DemoPage) -> None:
    page.click("[data-client='ada-laptop sse'] .remove")
    page.wait_for({name: OPEN for name in ALL_OPEN if name != "ada-laptop sse"})
    page.click("#open [value=sse]")
    page.wait_for(ALL_OPEN)
    page.send("to all", "/messages/everyone")
    page.wait_for(dict.fromkeys(ALL_OPEN, Pane("open", texts=("to all",))))
