"""A hidden danger from finding to striking off, and a campaign with its figures, in the pages of those in charge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.test_staff import looked_at, picture, see
from tests.support.browser import PHONE, Open, Window

TITLE = "楼道里飞线充电"
LAST_DAY = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()


@pytest.fixture
def danger(browser_page: Open) -> str:
    """The address of what the grid worker found, with a photo."""
    worker = browser_page("demo.grid", size=PHONE)
    worker.go("/remedies/new")
    worker.page.fill("[name=title]", TITLE)
    worker.page.fill("[name=words]", "三楼拉线到楼下给电动车充电，线皮已破。")
    worker.page.select_option("[name=issue_type]", index=1)
    worker.page.select_option("[name=severity]", "general")
    worker.page.set_input_files("main form input[type=file]", [picture("danger", "#8a4b2a")])
    worker.page.wait_for_selector(".photos img")
    looked_at(worker, "remedy-new")
    worker.page.click("main form > button.button")
    worker.page.wait_for_url("**/remedies/*?done=open")
    return worker.page.url.removeprefix(worker.url).partition("?")[0]


def act(window: Window, action: str, **fields: str) -> None:
    """Fill in the form of an action, and send it."""
    form = f"form[action$='/{action}']"
    details = window.page.locator(f"details:has({form})")
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    for name, value in fields.items():
        field = window.page.locator(f"{form} [name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    if window.page.locator(form).get_attribute("data-confirm"):
        window.page.once("dialog", lambda dialog: dialog.accept())
    window.page.click(f"{form} > button.button")
    window.page.wait_for_url(f"**?done={action}")


def test_a_danger_is_planned_put_right_looked_at_and_struck_off(browser_page: Open, danger: str) -> None:
    chief = browser_page("demo.chief")
    see(chief, "/remedies?kind=hidden_danger", TITLE)
    looked_at(chief, "remedies")
    chief.go(danger)
    looked_at(chief, "remedy-found")
    act(
        chief,
        "plan",
        department="urban",
        measures="拆除飞线，楼前装十个充电桩",
        funding="物业维修资金 3 万元",
        due_on=LAST_DAY,
        interim="每晚八点巡查，断开私拉电源",
    )
    put_right(browser_page, danger)
    supervisor = browser_page("demo.street", size=PHONE)
    supervisor.go(danger)
    act(supervisor, "passed", findings="线已拆除，充电桩可用。")
    chief.go(danger)
    act(chief, "clear")
    looked_at(chief, "remedy-cleared")

    assert "已销号" in chief.page.inner_text(".case-head")
    assert chief.page.locator(".pair figure img").count() == 2
    assert "复查合格" in chief.page.inner_text(".life")


def put_right(browser_page: Open, danger: str) -> None:
    """By the department's clerk, with a photo."""
    clerk = browser_page("demo.urban", size=PHONE)
    clerk.go(danger)
    form = "form[action$='/rectified']"
    clerk.page.locator(f"details:has({form}) > summary").click()
    clerk.page.set_input_files(f"{form} input[type=file]", [picture("put right", "#2f6b4f")])
    clerk.page.wait_for_selector(f"{form} .photos img")
    looked_at(clerk, "remedy-rectifying")
    act(clerk, "rectified", words="飞线已拆，充电桩已通电。")


def test_a_campaign_is_started_and_shows_what_belongs_to_it(browser_page: Open) -> None:
    chief = browser_page("demo.chief")
    chief.go("/campaigns/new")
    for name, said in (("title", "飞线充电专项整治"), ("purpose", "消除楼道飞线"), ("target", "存量清零")):
        chief.page.fill(f"[name={name}]", said)
    chief.page.select_option("[name=area]", index=1)
    chief.page.select_option("[name=lead]", "urban")
    for box in chief.page.locator("[name=issue_types]").all():
        box.check()
    chief.page.fill("[name=last_day]", LAST_DAY)
    looked_at(chief, "campaign-new")
    chief.page.click("main form > button.button")
    chief.page.wait_for_url("**/campaigns/*?done=campaign")
    looked_at(chief, "campaign")
    chief.page.click("details:has(form[action$='/extend']) > summary")
    chief.page.fill("form[action$='/extend'] [name=last_day]", "2036-01-01")
    chief.page.fill("form[action$='/extend'] [name=reason]", "存量超出预期")
    chief.expected.append("400")
    chief.page.click("form[action$='/extend'] > button.button")
    chief.page.wait_for_selector(".note.bad")

    assert "366" in chief.page.inner_text(".note.bad")
    see(chief, "/campaigns", "飞线充电专项整治")
    looked_at(chief, "campaigns")
