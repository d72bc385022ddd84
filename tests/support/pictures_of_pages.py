"""The pictures of pages in the README, made anew: `python -m tests.support.pictures_of_pages`.

They are taken of a running demonstration (`wuji demo`; `WUJI_RUN_DIR` says which).
"""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

from PIL import Image

from deploy.local.places import PROJECT, RunDir
from deploy.wuji.access import Access
from tests.support.browser import CHROMIUM, OPTIONS, Window, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = PROJECT / "docs" / "pictures"
DISTRICT, BUILDING = "530103", "530103.003.001.001.00001"
COLOURS = 160
MOST_BYTES = 150_000


class Photographer:
    """Opens pages of the demonstration and keeps them small."""

    def __init__(self, browser: Browser, access: Access, password: str) -> None:
        self.browser, self.access, self.password = browser, access, password

    def window(self, account: str | None, size: tuple[int, int], **options: Any) -> Window:
        """Signed in, where an account is named."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            **options,
        )
        window = Window(context.new_page(), self.access.local_url)
        if account is not None:
            sign_in(window, account, self.password)
        return window

    def district(self) -> Image.Image:
        """The five-level view of the whole district, down to its streets."""
        window = self.window("demo.chief", (1280, 1400))
        window.go(f"/areas/{DISTRICT}")
        return _seen(window)

    def wall(self) -> Image.Image:
        """The same district on a large screen."""
        window = self.window("demo.chief", (1280, 720))
        window.go(f"/wall?area={DISTRICT}&seconds=0")
        return _seen(window)

    def case(self) -> Image.Image:
        """One case, and what may be done about it."""
        window = self.window("demo.dispatcher", (1280, 1000))
        found = self.access.rows(
            "SELECT case_id FROM grid.cases WHERE state = 'handling' ORDER BY due_at LIMIT 1", role="grid"
        )
        window.go(f"/cases/{found[0][0]}")
        return _seen(window)

    def phones(self) -> Image.Image:
        """A resident's phone: the question, the place, and the progress of what was reported."""
        window = self.window(None, (390, 844))
        window.go(f"/report?area={BUILDING}")
        screens = [_seen(window)]
        window.page.click("#next")
        window.page.fill("[name=words]", "垃圾桶满了两天没人收，味道很大。")
        window.page.select_option("[name=issue_type]", "E-01-02")
        screens.append(_seen(window))
        body = {
            "title": "垃圾桶满了没人收",
            "words": "垃圾桶满了两天没人收。",
            "issue_type": "E-01-02",
            "area": BUILDING,
        }
        told = window.page.request.post(f"{window.url}/api/v1/reports", data=body).json()
        window.go(f"/track/{told['report_id']}?secret={told['secret']}")
        screens.append(_seen(window))
        return _beside(screens)


def _seen(window: Window) -> Image.Image:
    if window.page.locator("[data-live]").count():
        window.page.wait_for_selector(".fresh.live", timeout=30_000)
    window.page.wait_for_timeout(300)
    return Image.open(io.BytesIO(window.page.screenshot())).convert("RGB")


def _beside(screens: list[Image.Image], gap: int = 24) -> Image.Image:
    """Screens next to each other on the ground of the pages."""
    wide = sum(one.width for one in screens) + gap * (len(screens) - 1)
    made = Image.new("RGB", (wide, max(one.height for one in screens)), "#ffffff")
    left = 0
    for one in screens:
        made.paste(one, (left, 0))
        left += one.width + gap
    return made


def _keep(name: str, picture: Image.Image) -> None:
    """As few colours as nobody misses."""
    path = FOLDER / f"{name}.png"
    few = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    few.save(path, "PNG", optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path.name}: {size} bytes are more than {MOST_BYTES}")
    print(f"{path.relative_to(PROJECT)}  {picture.width}x{picture.height}  {size // 1000} kB")


def main() -> None:
    """Take them all."""
    from playwright.sync_api import sync_playwright  # as in the tests: slow to import

    run = RunDir.chosen()
    access = Access.find(run)
    password = str(json.loads((run.root / "credentials.json").read_text(encoding="utf-8"))["demo_password"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        taker = Photographer(browser, access, password)
        for name in os.environ.get("PICTURES", "district wall case phones").split():
            _keep(name, getattr(taker, name)())
        browser.close()


if __name__ == "__main__":
    main()
