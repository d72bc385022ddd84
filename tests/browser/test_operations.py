"""The documents and the page of operations in a real browser, and one subscription for its own department."""

from __future__ import annotations

import pika
import pytest

from tests.support.browser import DESK, PHONE, Open, axe
from tests.support.stack import RunningStack, eventually

SUBSCRIPTION = "watched-orders"
PARTS = ("processes", "queues", "projections", "relay", "subscriptions", "calendar")


@pytest.fixture(scope="module")
def token(city_pages: RunningStack) -> str:
    """The reading token of a subscription of the department of city management."""
    body = {"name": SUBSCRIPTION, "department": "urban", "filter": {"types": ["case.*"]}}
    answer = city_pages.call("POST", "/api/v1/subscriptions", body, role="operator")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desk", DESK)])
def test_an_operator_sees_everything_at_once(browser_page: Open, token: str, name: str, size: tuple[int, int]) -> None:
    window = browser_page("demo.operator", size=size)
    window.go("/operations")
    window.screenshot(f"operations-{name}")
    parts = {part: window.page.inner_text(f"#{part}") for part in PARTS}

    assert window.fits()
    assert axe(window.page) == []
    assert "projector" in parts["processes"]
    assert "notify.deliver" in parts["queues"]
    assert "grid.cases" in parts["projections"]
    assert SUBSCRIPTION in parts["subscriptions"]
    assert not any("问不到" in text or "不应答" in text for text in parts.values())


def test_the_figures_refresh_themselves_and_say_of_when_they_are(browser_page: Open) -> None:
    window = browser_page("demo.chief")
    window.go("/operations")
    before = window.page.inner_text("h1 small")
    window.page.wait_for_function("(before) => document.querySelector('h1 small').textContent !== before", arg=before)

    assert window.page.is_hidden("#stale")
    assert "数字取于" in before


def test_figures_that_nobody_refreshes_are_called_old(browser_page: Open) -> None:
    window = browser_page("demo.operator")
    window.expected = ["net::", "htmx"]
    window.go("/operations")
    window.page.context.set_offline(True)
    window.page.wait_for_selector("#stale", state="visible", timeout=25_000)
    window.screenshot("operations-stale")

    assert "数字没有更新" in window.page.inner_text("#stale")


def test_a_dispatcher_has_no_business_there(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher")
    window.expected = ["403"]

    assert window.go("/operations").status == 403
    assert window.page.locator("a[href='/operations']").count() == 0


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desk", DESK)])
def test_a_department_looks_with_its_token_and_no_account(
    browser_page: Open, token: str, name: str, size: tuple[int, int]
) -> None:
    window = browser_page(size=size)
    window.go(f"/operations/subscriptions/{SUBSCRIPTION}?token={token}")
    window.screenshot(f"subscription-{name}")

    assert window.page.url.endswith(f"/operations/subscriptions/{SUBSCRIPTION}")
    assert window.fits()
    assert axe(window.page) == []
    assert "日志位置" in window.page.inner_text(".stats")
    assert "只读" not in window.page.inner_text("main")


def test_without_a_token_one_is_asked_for_and_a_wrong_one_refused(browser_page: Open, token: str) -> None:
    window = browser_page(size=PHONE)
    window.expected = ["401"]
    window.go(f"/operations/subscriptions/{SUBSCRIPTION}")
    window.page.fill("[name=token]", "not.a.token")
    window.page.click("main form button")
    refused = window.page.inner_text("main")
    findings = axe(window.page)
    window.page.fill("[name=token]", token)
    window.page.click("main form button")

    assert "令牌不对" in refused
    assert findings == []
    assert "日志位置" in window.page.inner_text(".stats")


def test_parked_messages_are_asked_for_and_none_is_said(browser_page: Open, token: str) -> None:
    window = browser_page("demo.operator")
    window.go(f"/operations/subscriptions/{SUBSCRIPTION}/parked")

    assert "没有搁置的消息" in window.page.inner_text("main")


def test_an_operator_looks_into_what_is_parked_and_throws_it_away_after_a_count(
    browser_page: Open, city_pages: RunningStack
) -> None:
    queue = "survey.invite_reporter"
    connection = pika.BlockingConnection(pika.URLParameters(city_pages.environment("operator")["WUJI_ADMIN_AMQP_URL"]))
    for number in range(3):
        told = pika.BasicProperties(message_id=f"lost-{number}", headers={"ce-type": "case.closed.v1"})
        body = b'{"case_id": "none", "answer": "call 13888886666"}'
        connection.channel().basic_publish("", queue, body, told)
    connection.close()
    window = browser_page("demo.operator")
    see = f"/operations/queues/{queue}/parked"
    assert eventually(lambda: window.go(see) and window.page.locator(".parked-list li").count() == 3, 20)
    window.page.click(".parked-list a >> nth=0")
    window.page.wait_for_selector("dl.facts")
    content = window.page.inner_text("pre >> nth=0")
    findings = axe(window.page)
    window.screenshot("parked-message")
    window.go(see)
    window.page.fill("[name=reason]", "试验")
    window.page.click("button[value=discard]")
    window.page.wait_for_selector("[name=sure]", state="attached")
    counted = window.page.inner_text("form .note")
    still = window.page.locator(".parked-list li").count()
    findings += axe(window.page)
    window.screenshot("parked-count")
    window.page.click("main form .button >> nth=0")
    window.page.wait_for_url("**?done=discard*")

    assert findings == []
    assert "[电话]" in content
    assert "13888886666" not in content
    assert "3 条" in counted
    assert still == 3
    assert "没有搁置的消息" in window.page.inner_text("main")


def test_a_duty_chief_does_not_look_into_messages(browser_page: Open) -> None:
    window = browser_page("demo.chief")
    window.expected = ["403"]

    assert window.go("/operations/queues/notify.deliver/parked").status == 403


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desk", DESK)])
def test_documents_are_read_and_searched_without_scripts(browser_page: Open, name: str, size: tuple[int, int]) -> None:
    window = browser_page(size=size, java_script_enabled=False)
    window.go("/docs")
    window.screenshot(f"docs-{name}")
    window.page.fill("input[name=q]", "搁置")
    window.page.press("input[name=q]", "Enter")
    window.screenshot(f"docs-search-{name}")
    marked = window.page.locator("mark").all_inner_texts()
    window.page.click(".docs-hits a >> nth=0")
    window.screenshot(f"docs-page-{name}", full=False)

    assert set(marked) == {"搁置"}
    assert window.page.locator("article h1").count() == 1


@pytest.mark.parametrize("path", ["/docs/", "/docs/departments", "/docs/readme", "/docs/adr/0002-append-is-publish"])
def test_no_document_has_a_serious_finding_and_all_fit_a_phone(browser_page: Open, path: str) -> None:
    window = browser_page(size=PHONE)
    window.go(path)

    assert axe(window.page) == []
    assert window.fits()


def test_both_are_complete_in_english(browser_page: Open) -> None:
    window = browser_page("demo.operator")
    window.go("/look?lang=en&next=/operations")
    window.screenshot("operations-english")
    texts = window.page.evaluate(
        "[...document.querySelectorAll('h1, h2, th[scope=col], .light')].map(one => one.textContent)"
    )

    assert not any("\u4e00" <= letter <= "\u9fff" for letter in " ".join(texts)), texts
