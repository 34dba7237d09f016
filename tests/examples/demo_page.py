"""The demo's page in headless Chromium, served by the demo's own server in a thread."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from anyio.from_thread import BlockingPortal, start_blocking_portal
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.demo.app import Demo
from examples.demo.server import DemoServer, listen, url_of
from tests.requirements import require
from tests.support.waiting import PATIENCE

__all__ = [
    "COME_BACK",
    "DemoPage",
    "Page",
    "Pane",
    "StreamRequest",
    "open_chromium",
    "open_demo_page",
]

COME_BACK: Final = 10.0
"""Seconds to wait for an EventSource that comes back: Chromium lets three go by first."""

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)

# A test looks at the page's EventSources themselves, not at what the page says about them.
_KEEP_SOURCES: Final = """
    window.sources = [];
    window.EventSource = class extends EventSource {
        constructor(url) { super(url); window.sources.push(this); }
    };
"""

_READ_PANES: Final = """
    return [...document.querySelectorAll(".client")].map((pane) => [
        pane.dataset.client,
        pane.dataset.state,
        pane.querySelector(".code").textContent,
        [...pane.querySelectorAll(".text")].map((text) => text.textContent),
    ]);
"""


_READ_SOURCES: Final = """
    const secretOf = (source) => new URL(source.url).searchParams.get("secret");
    return sources.map((source) => [secretOf(source), source.readyState]);
"""


class _Scripting(Protocol):
    """What Selenium leaves untyped."""

    def execute_script(self, script: str) -> Any: ...

    def execute_cdp_cmd(self, cmd: str, cmd_args: dict[str, str]) -> Any: ...


class Pane(NamedTuple):
    """What the page shows of one client."""

    state: str
    code: str = ""
    texts: tuple[str, ...] = ()


class StreamRequest(NamedTuple):
    """A request for a stream as the server saw it, and how it was answered."""

    secret: str
    last_event_id: str | None
    status: int


class StreamLog:
    """Middleware that notes every request for a stream."""

    def __init__(self, app: ASGIApp, requests: list[StreamRequest]) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked = HTTPConnection(scope)
                secret = asked.query_params["secret"]
                last_event_id = asked.headers.get("last-event-id")
                self._requests.append(StreamRequest(secret, last_event_id, message["status"]))
            await send(message)

        await self._app(scope, receive, noting if scope["path"] == "/sse" else send)


class Page:
    """One window with the page of a demo."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def click(self, selector: str) -> None:
        """Press the one button that `selector` finds."""
        self.browser.find_element(By.CSS_SELECTOR, selector).click()

    def panes(self) -> dict[str, Pane]:
        """What every pane shows now."""
        panes: list[tuple[str, str, str, list[str]]] = _scripting(self.browser).execute_script(
            _READ_PANES
        )
        return {name: Pane(state, code, tuple(texts)) for name, state, code, texts in panes}

    def send(self, text: str, path: str) -> None:
        """Type a message, and press the button that posts it to `path`."""
        field = self.browser.find_element(By.ID, "text")
        field.clear()
        field.send_keys(text)
        self.click(f"[value='{path}']")

    def wait_for(self, expected: dict[str, Pane], seconds: float = PATIENCE) -> None:
        """Wait until the page has exactly the panes `expected`."""
        self._wait(lambda panes: panes == expected, str(expected), seconds)

    def wait_for_some(self, expected: dict[str, Pane], seconds: float = PATIENCE) -> None:
        """Wait until the page has the panes `expected`, whatever the others show."""
        self._wait(lambda panes: panes | expected == panes, str(expected), seconds)

    def wait_for_node(self, state: str, seconds: float = PATIENCE) -> None:
        """Wait until the page says that its node is in `state`."""
        shown = self.browser.find_element(By.CSS_SELECTOR, "#node .state")
        waiting: WebDriverWait[Chrome] = WebDriverWait(self.browser, seconds, poll_frequency=0.02)
        waiting.until(lambda _: shown.text == state)

    def _wait(
        self, condition: Callable[[dict[str, Pane]], bool], expected: str, seconds: float
    ) -> None:
        waiting: WebDriverWait[Chrome] = WebDriverWait(self.browser, seconds, poll_frequency=0.02)
        with suppress(TimeoutException):
            waiting.until(lambda _: condition(self.panes()))
            return
        raise AssertionError(f"the page shows {self.panes()}, not {expected}")

    def ready_states(self) -> dict[str, int]:
        """The secret and the `readyState` of every EventSource that the page has made."""
        states: list[tuple[str, int]] = _scripting(self.browser).execute_script(_READ_SOURCES)
        return dict(states)


class DemoPage(Page):
    """One window with the demo, and the demo behind it."""

    def __init__(
        self, browser: Chrome, demo: Demo, portal: BlockingPortal, requests: list[StreamRequest]
    ) -> None:
        super().__init__(browser)
        self.demo = demo
        self.portal = portal
        self.requests = requests


@contextmanager
def open_demo_page(browser: Chrome) -> Generator[DemoPage]:
    """Serve the demo, and open its page in `browser`."""
    demo = Demo()
    requests: list[StreamRequest] = []
    demo.app.add_middleware(StreamLog, requests=requests)
    listener = listen(0)
    server = DemoServer(demo)
    with start_blocking_portal() as portal:
        served = portal.start_task_soon(partial(server.serve, sockets=[listener]))
        try:
            browser.get(url_of(listener))
            yield DemoPage(browser, demo, portal, requests)
        finally:
            server.should_exit = True
            served.result(PATIENCE)


@contextmanager
def open_chromium(profile: Path) -> Generator[Chrome]:
    """Start a browser that keeps its files in the folder `profile`."""
    options = ChromeOptions()
    options.binary_location = require(shutil.which("chromium"), "no chromium on PATH")
    driver = require(shutil.which("chromedriver"), "no chromedriver on PATH")
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    browser = Chrome(options, ChromeService(driver))
    try:
        _scripting(browser).execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": _KEEP_SOURCES}
        )
        yield browser
    finally:
        browser.quit()


def _scripting(browser: Chrome) -> _Scripting:
    return browser
