"""A real Chromium for tests of the pages: signed in as somebody, held to our own host, with screenshots kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from deploy.local import packages
from deploy.local.progress import Progress
from deploy.wuji import demo_accounts
from deploy.wuji.access import Access
from shared.pages.assets import BUILT
from tests.support.stack import RunningStack, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

SCREENS = Path(__file__).parents[1] / "browser" / "screens"
PHONE, DESK, WALL = (390, 844), (1280, 900), (1920, 1080)
CHROMIUM = "/usr/bin/chromium"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SERIOUS = ("serious", "critical")


@dataclass
class Window:
    """One browser window, and all that must not happen in it."""

    page: Page
    url: str
    expected: list[str] = field(default_factory=list)
    """Parts of console messages that the test is about."""
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """From now on every request to another host and every error is written down."""
        host = urlsplit(self.url).netloc
        self.page.on(
            "request",
            lambda request: (
                None
                if urlsplit(request.url).scheme in ("data", "blob") or urlsplit(request.url).netloc == host
                else self.troubles.append(f"another host was asked: {request.url}")
            ),
        )
        self.page.on(
            "console",
            lambda message: self.troubles.append(message.text) if message.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def go(self, path: str) -> Response:
        """Open a page of ours."""
        answer = self.page.goto(self.url + path, wait_until="load")
        assert answer is not None
        return answer

    def screenshot(self, name: str, *, full: bool = True) -> None:
        """Keep how it looks, for people to see."""
        SCREENS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", full_page=full)

    def fits(self) -> bool:
        """Whether the page is no wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    def unexpected(self) -> list[str]:
        """What went wrong and should not have."""
        return [trouble for trouble in self.troubles if not any(part in trouble for part in self.expected)]


Open = Callable[..., Window]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser of Debian; installed when it is missing and may be."""
    from playwright.sync_api import sync_playwright  # slow to import, and few tests look at pages

    with Progress() as progress:
        packages.ensure(progress, packages.BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def city_pages(panlong: RunningStack) -> RunningStack:
    """The stack with Panlong, where the demonstration's accounts may sign in."""
    demo_accounts.ensure(Access.find(panlong.run), password_of(panlong))
    names = "SELECT count(*) FROM grid.names WHERE kind = 'issue_type'"
    stored = panlong.rows("SELECT count(*) FROM es.events WHERE type = 'issue_type.defined'")[0][0]
    assert eventually(lambda: panlong.rows(names, role="grid")[0][0] >= stored, 30), "grid does not learn the names"
    return panlong


def password_of(stack: RunningStack) -> str:
    """The password of the demonstration's accounts."""
    return str(json.loads((stack.run.root / "credentials.json").read_text())["demo_password"])


@pytest.fixture
def browser_page(chromium: Browser, city_pages: RunningStack) -> Iterator[Open]:
    """`browser_page("demo.dispatcher", size=PHONE)`: a window of its own; with an account it is signed in.

    At the end no window may have asked another host, nor have an error in its console.
    """
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    def open_window(account: str | None = None, *, size: tuple[int, int] = DESK, **options: Any) -> Window:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        window = Window(context.new_page(), city_pages.url)
        windows.append(window)
        window.watch()
        if account is not None:
            sign_in(window, account, password_of(city_pages))
        return window

    yield open_window
    for context in contexts:
        context.close()
    assert [trouble for window in windows for trouble in window.unexpected()] == []


def sign_in(window: Window, account: str, password: str) -> None:
    """As a person does."""
    if "/login" not in window.page.url:
        window.go("/login")
    window.page.fill("[name=account]", account)
    window.page.fill("[name=password]", password)
    window.page.click("main form button[type=submit]")
    window.page.wait_for_load_state("load")


def axe(page: Page) -> list[str]:
    """Serious and critical findings of axe on the page as it is: rule, and where."""
    page.evaluate((BUILT / "tests" / "axe.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {re.sub(' +', ' ', node['html'])[:160]} {node.get('failureSummary', '')[:200]}"
        for one in found["violations"]
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]
