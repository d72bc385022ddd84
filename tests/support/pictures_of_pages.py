"""The pictures of pages in the README, made anew: `python -m tests.support.pictures_of_pages`.

They are taken of a running demonstration (`wuji demo`; `WUJI_RUN_DIR` says which), after a month of made-up cases was
added to it as imported history: a district that was opened a minute ago has nothing to show. Say `wuji reset` after it.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PIL import Image

from deploy.imports.history import appends
from deploy.imports.rows import Issue
from deploy.local.places import PROJECT, RunDir
from deploy.reference.demo import DemoReport, demo_reports
from deploy.wuji.access import Access
from shared.contracts.case import Loop
from shared.contracts.report import Source, Urgency
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.postgres import PostgresLog
from tests.support.browser import CHROMIUM, OPTIONS, Window, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = PROJECT / "docs" / "pictures"
DISTRICT, STREET, BUILDING = "530103", "530103.003", "530103.003.001.001.00001"
CASES, DAYS, COLOURS = 640, 30, 160
MOST_BYTES = 150_000
_LOOPS = (Loop.COMMUNITY, Loop.COMMUNITY, Loop.COMMUNITY, Loop.STREET, Loop.STREET, Loop.DISTRICT)


def history(
    reports: tuple[DemoReport, ...], departments: dict[str, str], now: datetime
) -> Iterator[tuple[Issue, Loop]]:
    """A month of cases like those of the demonstration, the same every time: most were handled, a few are late."""
    dice = random.Random(530103)
    known = [report for report in reports if report.issue_type in departments]
    areas = [report.area for report in reports]
    for n in range(CASES):
        told = dice.choice(known)
        reported = now - timedelta(days=dice.uniform(0.1, DAYS) * dice.uniform(0.75, 1), minutes=dice.uniform(0, 600))
        limit = timedelta(days=dice.choice((1, 2, 3, 5, 7)))
        took = limit * dice.choice((0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.2))
        closed = reported + took if reported + took < now and dice.random() < 0.97 else None
        case_id = derived_id("report", UUID(int=0), "picture", n)
        issue = Issue(
            report_id=case_id,
            number=f"{reported:%Y%m%d}{DISTRICT}{900000 + n}",
            external_number=str(n),
            source=dice.choice((Source.RESIDENT, Source.RESIDENT, Source.GRID_WORKER, Source.HOTLINE)),
            area=Area(dice.choice(areas)),
            issue_type=told.issue_type,
            title=told.title,
            words=told.words,
            place=told.place,
            point=None,
            reported_at=reported,
            target_at=reported + limit,
            closed_at=closed,
            department=departments[told.issue_type],
            answer="已处理完毕。" if closed else "",
            original={},
            contact={},
        )
        yield issue, dice.choice(_LOOPS)


def add_history(access: Access) -> None:
    """The made-up month comes into the log like any history; a second time it is there already."""
    rows = access.rows("SELECT DISTINCT ON (issue_type) issue_type, department FROM grid.cases", role="grid")
    departments = {kind: department for kind, department in rows if department}
    made = history(demo_reports(), departments, utc_now())
    log = PostgresLog(access.database_url("importer"))
    try:
        log.bulk_append([one for issue, loop in made for one in appends(issue, loop, Urgency.NORMAL, "closed", "示例")])
    finally:
        log.close()


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
            "SELECT case_id FROM grid.cases WHERE state = 'handling' AND right(number, 6) < '900000'"
            " ORDER BY due_at LIMIT 1",
            role="grid",
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
    add_history(access)
    password = str(json.loads((run.root / "credentials.json").read_text(encoding="utf-8"))["demo_password"])
    from deploy.wuji.demo import wait_level

    wait_level(access)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        taker = Photographer(browser, access, password)
        for name in os.environ.get("PICTURES", "district wall case phones").split():
            _keep(name, getattr(taker, name)())
        browser.close()


if __name__ == "__main__":
    main()
