"""One report carried round the loop by the staff, each in pages of their own; what is refused says who was first."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Error, FilePayload

from tests.support.browser import DESK, PHONE, Open, Window, axe
from tests.support.stack import RunningStack, eventually

COMMUNITY = "530103.001.001"
TITLE = "公园门口堆满共享单车"


def picture(word: str, colour: str) -> FilePayload:
    """A photo as a phone would send it."""
    made = Image.new("RGB", (960, 720), colour)
    ImageDraw.Draw(made).text((60, 60), word, fill="white")
    kept = io.BytesIO()
    made.save(kept, "JPEG")
    return FilePayload(name=f"{word}.jpg", mimeType="image/jpeg", buffer=kept.getvalue())


def looked_at(window: Window, name: str) -> None:
    """Nothing serious for people who do not see it, no wider than its window, and kept for people who do."""
    for size, called in ((PHONE, "phone"), (DESK, "desk")):
        window.page.set_viewport_size({"width": size[0], "height": size[1]})
        window.screenshot(f"{name}-{called}")

        assert window.fits(), (name, called)
    assert axe(window.page) == [], name


def see(window: Window, path: str, text: str) -> None:
    """Open the page until it says so: what happened elsewhere takes a moment to arrive."""

    def is_there() -> bool:
        window.go(path)
        return text in window.page.inner_text("main")

    assert eventually(is_there, 30), f"{path} does not say {text}"


def report(stack: RunningStack, title: str = TITLE, role: str | None = None) -> str:
    """A resident tells of something that no line of the list dispatches by itself."""
    body = {"title": title, "words": "挡住了盲道，推婴儿车过不去。", "issue_type": "L-15-01", "area": COMMUNITY}
    answer = stack.call("POST", "/api/v1/reports", {**body, "place": "拓东路口"}, role=role)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["report_id"])


def act(window: Window, action: str, **fields: str) -> None:
    """Fill in the form of an action on the case page, and send it."""
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
    window.page.on("dialog", lambda dialog: dialog.accept())
    window.page.click(f"{form} button.button")
    window.page.wait_for_url("**?done=*")


@pytest.fixture
def filed(city_pages: RunningStack) -> str:
    return report(city_pages)


def test_a_report_goes_round_the_loop_in_the_pages_of_those_who_carry_it(browser_page: Open, filed: str) -> None:
    case = f"/cases/{filed}"
    acceptor = browser_page("demo.acceptor")
    see(acceptor, "/desk", TITLE)
    see(acceptor, f"/desk/{filed}", "怎么办")
    looked_at(acceptor, "desk-report")
    acceptor.page.click(f"form[action='/desk/{filed}/look'] button")
    acceptor.page.wait_for_url("**/desk?done=look*")
    seen_on_site(browser_page, filed)
    see(acceptor, f"/desk/{filed}", "已核实属实")
    acceptor.page.click(f"form[action='/desk/{filed}/accept'] button")
    acceptor.page.wait_for_url("**/desk?done=accept*")
    looked_at(acceptor, "desk-accepted")
    dispatched(browser_page, case)
    answered(browser_page, case)
    checked(browser_page)
    closed(browser_page, case)


def seen_on_site(browser_page: Open, report_id: str) -> None:
    """By the grid worker, on the phone."""
    worker = browser_page("demo.grid", size=PHONE)
    see(worker, "/field", TITLE)
    looked_at(worker, "field-looks")
    worker.go(f"/field/{report_id}")
    worker.page.check("[name=found][value=yes]")
    worker.page.fill("[name=findings]", "确实堵住了盲道。")
    worker.page.set_input_files("main form input[type=file]", [picture("before", "#8a4b2a")])
    worker.page.wait_for_selector(".photos img")
    looked_at(worker, "field-look")
    worker.page.click("main form button.large")
    worker.page.wait_for_url("**/field?done=seen")


def dispatched(browser_page: Open, case: str) -> None:
    """By the dispatcher, from the list, with the case beside it."""
    dispatcher = browser_page("demo.dispatcher")
    see(dispatcher, "/work?view=all", TITLE)
    looked_at(dispatcher, "work-dispatcher")
    dispatcher.page.click(f".what a[href='{case}']")
    dispatcher.page.wait_for_selector("#drawer[open] .case")
    dispatcher.page.wait_for_selector("#drawer .life li")
    dispatcher.screenshot("case-drawer", full=False)
    dispatcher.go(case)
    looked_at(dispatcher, "case-filed")
    act(dispatcher, "dispatch", department="urban", reason="占道停放归城管")
    looked_at(dispatcher, "case-dispatched")

    assert "还可撤销" in dispatcher.page.inner_text("form.undo")


def answered(browser_page: Open, case: str) -> None:
    """By the department's clerk, with a photo."""
    clerk = browser_page("demo.urban", size=PHONE)
    see(clerk, "/work?queue=sign", TITLE)
    looked_at(clerk, "work-clerk")
    clerk.go(case)
    act(clerk, "sign")
    clerk.page.locator("details:has(form[action$='/respond']) > summary").click()
    clerk.page.set_input_files("form[action$='/respond'] input[type=file]", [picture("after", "#2f6b4f")])
    clerk.page.wait_for_selector("form[action$='/respond'] .photos img")
    looked_at(clerk, "case-answering")
    clerk.page.fill("form[action$='/respond'] [name=answer]", "已清走 40 辆，划了停车线。")
    clerk.page.click("form[action$='/respond'] button.button")
    clerk.page.wait_for_url("**?done=respond")


def checked(browser_page: Open) -> None:
    """By the street's supervisor, on site."""
    supervisor = browser_page("demo.street", size=PHONE)
    see(supervisor, "/checks?view=all", TITLE)
    looked_at(supervisor, "checks")
    supervisor.page.click(f".look-list a:has-text('{TITLE}')")
    supervisor.page.check("[name=outcome][value=pass]")
    supervisor.page.fill("[name=findings]", "到现场看过，盲道已清空。")
    looked_at(supervisor, "check")
    supervisor.page.click("main form button.large")
    supervisor.page.wait_for_url("**/checks?done=pass")


def closed(browser_page: Open, case: str) -> None:
    """By the duty chief, who sees before and after."""
    chief = browser_page("demo.chief")
    see(chief, "/work?queue=close", TITLE)
    looked_at(chief, "work-chief")
    chief.go(case)
    looked_at(chief, "case-to-close")
    act(chief, "close", answer="共享单车已清走，并划了停车线。")
    chief.page.wait_for_selector(".life li")
    looked_at(chief, "case-closed")

    assert "已结案" in chief.page.inner_text(".case-head")
    assert chief.page.locator(".pair figure >> nth=1 >> img").count() == 1
    assert "签收" in chief.page.inner_text(".life")


def test_whoever_comes_second_is_told_who_was_first(browser_page: Open, filed: str) -> None:
    first, second = browser_page("demo.acceptor"), browser_page("demo.chief")
    second.expected = ["409"]
    for window in (first, second):
        see(window, f"/desk/{filed}", "怎么办")
    first.page.locator("details:has(form[action$='/reject']) > summary").click()
    first.page.select_option("[name=reason_code]", "not_municipal")
    first.page.on("dialog", lambda dialog: dialog.accept())
    first.page.click(f"form[action='/desk/{filed}/reject'] button")
    first.page.wait_for_url("**/desk?done=reject*")
    second.page.locator("details:has(form[action$='/reject']) > summary").click()
    second.page.select_option("[name=reason_code]", "too_vague")
    second.page.on("dialog", lambda dialog: dialog.accept())
    second.page.click(f"form[action='/desk/{filed}/reject'] button")
    second.page.wait_for_selector(".note.bad")
    second.screenshot("desk-second")

    assert "这一步没有完成" in second.page.inner_text(".note.bad")


def test_what_was_put_right_at_once_waits_on_the_phone_until_there_is_a_network(browser_page: Open) -> None:
    worker = browser_page("demo.grid", size=PHONE)
    worker.expected = ["net::ERR", "htmx"]
    worker.go("/field")
    worker.page.wait_for_load_state("networkidle")
    looked_at(worker, "field")
    worker.page.wait_for_function("async () => (await (await caches.open('wuji-list')).keys()).length === 3")
    worker.go("/field/solve")
    worker.page.set_input_files("[data-side=before] input", [picture("before", "#8a4b2a")])
    worker.page.set_input_files("[data-side=after] input", [picture("after", "#2f6b4f")])
    worker.page.wait_for_selector("[data-side=after] img")
    worker.page.fill("[name=title]", "楼道堆放纸箱")
    worker.page.select_option("[name=issue_type]", "E-01-02")
    worker.page.fill("[name=answer]", "和住户一起搬走了。")
    looked_at(worker, "field-solve")
    worker.page.context.set_offline(True)
    worker.page.click("#solve button[type=submit]")
    worker.page.wait_for_selector("#outbox:not([hidden])")
    worker.screenshot("field-waiting")
    waiting = worker.page.inner_text("#outbox")
    worker.go("/field")
    worker.page.wait_for_selector("#outbox:not([hidden])")
    worker.page.wait_for_selector("#checks a.button", state="detached")
    worker.screenshot("field-offline")
    old = worker.page.inner_text("#kept")
    worker.go("/field/solve")
    worker.page.context.set_offline(False)
    worker.page.wait_for_selector("#told .note.good")
    worker.page.wait_for_selector("#outbox", state="hidden")

    assert waiting.endswith("1")
    assert "截至" in old


def test_whoever_signs_out_leaves_nothing_on_the_phone(browser_page: Open) -> None:
    worker = browser_page("demo.grid", size=PHONE)
    worker.expected = ["net::ERR", "htmx"]
    worker.go("/field")
    worker.page.wait_for_function("async () => (await (await caches.open('wuji-list')).keys()).length === 3")
    worker.page.wait_for_function("async () => (await indexedDB.databases()).length > 0")
    worker.go("/logout")
    worker.page.click("main form button[type=submit]")
    worker.page.wait_for_url("**/")
    kept = worker.page.evaluate(
        "async () => [...await caches.keys(), ...(await indexedDB.databases()).map(d => d.name)]"
    )
    worker.page.context.set_offline(True)

    assert [name for name in kept if not name.startswith("wuji-field--static")] == []
    with pytest.raises(Error, match=r"net::ERR"):
        worker.go("/field")


def test_the_work_list_and_many_at_once_need_no_scripts(browser_page: Open, city_pages: RunningStack) -> None:
    titles = [f"路口垃圾桶满溢 {n}" for n in range(3)]
    for title in titles:
        accepted(city_pages, title)
    window = browser_page("demo.dispatcher", java_script_enabled=False)
    see(window, "/work?view=all", titles[-1])
    window.page.click(".what a >> nth=0")

    assert window.page.locator(".case h1").count() == 1
    see(window, "/work", titles[-1])
    for title in titles:
        window.page.check(f"li:has-text('{title}') input[type=checkbox]")
    window.page.click("text=先预览")
    window.screenshot("bulk-preview")

    assert "将派发 3 件给 1 个部门" in window.page.inner_text("main")
    window.page.click("text=确认派遣")
    window.screenshot("bulk-done")

    assert "已派遣 3 件" in window.page.inner_text("main")
    window.page.click("text=撤销派遣")

    assert "已撤回 3 件" in window.page.inner_text("main")
    window.page.click(f"a:has-text('{titles[0]}')")

    assert "已立案" in window.page.inner_text(".case-head")


def test_a_duplicate_is_merged_and_taken_apart_by_keyboard_and_the_list_looks_by_itself(
    browser_page: Open, city_pages: RunningStack
) -> None:
    earlier, later = (accepted(city_pages, "拓东路口共享单车堵住盲道") for _ in range(2))
    window = browser_page("demo.dispatcher")
    window.page.on("dialog", lambda dialog: dialog.accept())
    see(window, "/work?view=all", "拓东路口共享单车堵住盲道")
    window.page.wait_for_selector("#fresh.live")
    box = window.page.locator(f"input[value='{earlier}']")
    box.check()
    box.focus()
    accepted(city_pages, "单车又堵住了消防门")
    window.page.wait_for_selector(".what a:has-text('单车又堵住了消防门')")
    looked_at(window, "work-live")

    assert box.is_checked()
    assert box.evaluate("one => one === document.activeElement")
    see(window, f"/cases/{later}", "疑似重复")
    looked_at(window, "case-alike")
    press(window, f"form[action='/cases/{later}/merge']:not(:has(label)) button", f"**/cases/{earlier}?done=merge*")
    looked_at(window, "case-merged-into")
    press(window, f"form[action='/cases/{later}/unmerge'] button", f"**/cases/{later}?done=unmerge")

    assert "已立案" in window.page.inner_text(".case-head")


def accepted(stack: RunningStack, title: str) -> str:
    """A report that became a case, and waits to be dispatched."""
    told = report(stack, title, role="hotline")
    done = stack.call("POST", f"/api/v1/reports/{told}/accept", role="acceptor")
    assert done.status_code == 200, done.text
    return told


def press(window: Window, button: str, leads_to: str) -> None:
    """As somebody does who has no mouse."""
    window.page.focus(button)
    window.page.keyboard.press("Enter")
    window.page.wait_for_url(leads_to)
