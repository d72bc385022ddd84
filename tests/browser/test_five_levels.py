"""一图一网络 in a real browser: five levels by keyboard, Back, numbers that open their cases, no need for scripts."""

from __future__ import annotations

import io
import time
from urllib.parse import quote

import openpyxl
import pytest
import requests

from tests.support.browser import DESK, PHONE, WALL, Open, Window, axe, password_of
from tests.support.stack import RunningStack, eventually
from tests.support.weight import weigh

DISTRICT, BUILDING = "530103", "530103.003.001.001.00001"
PAGES = ("/", "/areas/530103", "/areas/530103.003.001", f"/areas/{BUILDING}", "/areas/530103/cases", "/account")


def report(stack: RunningStack, title: str, area: str = "530103.003.001.001") -> str:
    """Somebody tells of something."""
    body = {"title": title, "words": f"{title}，请来看看", "issue_type": "E-01-02", "area": area}
    answer = stack.call("POST", "/api/v1/reports", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["report_id"])


def press_until(window: Window, selector: str, key: str = "Tab", most: int = 120) -> None:
    """Go on with a key until what is meant has the focus."""
    for _ in range(most):
        window.page.keyboard.press(key)
        if window.page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"{most} times {key} did not reach {selector}")


def test_five_levels_down_by_keyboard_alone_and_back_again(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher")
    window.go(f"/areas/{DISTRICT}")
    below = ["530103.003", "530103.003.001", "530103.003.001.001", BUILDING]
    for path in below:
        press_until(window, f"a[href='/areas/{path}']")
        window.page.keyboard.press("Enter")
        window.page.wait_for_url(f"**/areas/{path}")
    for path in [*reversed(below[:-1]), DISTRICT]:
        window.page.go_back(wait_until="load")

        assert window.page.url.endswith(f"/areas/{path}")
    assert window.page.locator("svg.mosaic a").count() == 12


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_serious_finding(browser_page: Open, path: str) -> None:
    window = browser_page("demo.dispatcher")
    window.go(path)
    light = axe(window.page)
    window.go(f"/look?theme=dark&next={path}")

    assert light == []
    assert axe(window.page) == []


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desk", DESK), ("large", WALL)])
def test_every_page_fits_its_window(browser_page: Open, name: str, size: tuple[int, int]) -> None:
    window = browser_page("demo.dispatcher", size=size)
    for path in PAGES:
        answer = window.go(path)
        window.screenshot(f"{path.strip('/').replace('/', '-').replace('.', '-') or 'home'}-{name}")

        assert window.fits(), path
        assert len(answer.body()) < 300_000, path


def test_english_is_complete(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher")
    window.go("/look?lang=en&next=/areas/530103")
    window.screenshot("area-english")
    chrome = window.page.evaluate(
        "[...document.querySelectorAll('h1 small, h2, th[scope=col], .stat span, .menu a, .foot a, .legend')]"
        ".map(one => one.textContent).join(' ').replace('中文', '').replace('派遣员 小李', '')"
    )

    assert not any("\u4e00" <= letter <= "\u9fff" for letter in chrome), chrome


def test_a_number_opens_the_cases_that_it_counted(browser_page: Open, city_pages: RunningStack) -> None:
    report(city_pages, "树枝压到电线")
    window = browser_page("demo.dispatcher")
    window.go("/areas/530103.003.001.001")
    window.page.wait_for_function("document.querySelector('.stat b').textContent !== '0'")
    counted = int(window.page.inner_text(".stat >> nth=0 >> b"))
    window.page.click(".stat >> nth=0")
    window.page.wait_for_url("**/cases")

    assert window.page.locator("tbody tr").count() == min(50, counted)
    assert "树枝压到电线" in window.page.inner_text("tbody")


def test_everything_but_liveness_works_without_scripts(browser_page: Open, city_pages: RunningStack) -> None:
    report(city_pages, "窗户没有关")
    window = browser_page("demo.dispatcher", java_script_enabled=False)
    window.go(f"/areas/{DISTRICT}")
    window.page.click("thead a >> nth=1")
    window.page.click("svg.mosaic a >> nth=0")

    assert window.page.url.endswith("/areas/530103.001")
    window.go(f"/areas/{DISTRICT}")
    window.page.click("a:has-text('回看')")
    window.page.click(".past-pick button")

    assert "at=" in window.page.url
    assert "local=" not in window.page.url
    assert window.page.is_visible("a:has-text('回到现在')")


def test_the_table_can_be_taken_away(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher")
    window.go(f"/areas/{DISTRICT}")
    with window.page.expect_download() as csv:
        window.page.click("a[href$='/export/csv']")
    with window.page.expect_download() as xlsx:
        window.page.click("a[href$='/export/xlsx']")
    text = csv.value.path().read_bytes()
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.value.path().read_bytes())).active

    assert text.startswith("\ufeff代码,区域,总数".encode())
    assert sheet is not None
    assert sheet.max_row == 14
    assert csv.value.suggested_filename.startswith("盘龙区")


def test_outside_of_ones_area_one_is_told_so(browser_page: Open) -> None:
    window = browser_page("demo.street")
    window.expected = ["403"]
    answer = window.go("/areas/530103.002")
    window.screenshot("outside")

    assert answer.status == 403
    assert "您无权查看" in window.page.inner_text("h1")
    assert window.page.locator("a[href='/areas/530103']").count() == 0


def test_the_page_can_be_printed(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher")
    window.go(f"/areas/{DISTRICT}")
    window.page.emulate_media(media="print")
    window.screenshot("area-print")

    assert not window.page.is_visible("header.top")
    assert window.page.is_visible("svg.mosaic")


def test_the_slider_shows_what_was_known_then_by_keyboard_and_leads_back_to_now(
    browser_page: Open, city_pages: RunningStack
) -> None:
    """The past is a page like any other: its numbers, its links and its tables are of that moment."""
    window, listed = browser_page("demo.dispatcher"), f"/areas/{DISTRICT}/cases"
    report(city_pages, "路灯不亮")
    assert eventually(lambda: "路灯不亮" in _text_of(window, listed), 20)
    began = _moments_before(window)
    time.sleep(1.1)
    report(city_pages, "回看以后才有的井盖")
    assert eventually(lambda: "回看以后才有的井盖" in _text_of(window, listed), 20)
    window.go(f"/areas/{DISTRICT}?at={quote(began, safe='')}")
    window.screenshot("past-desk")
    then, past = _total(window), f"at={quote(began, safe='')}"

    assert window.page.locator("[data-live]").count() == 0
    assert past in (window.page.get_attribute(".stat >> nth=0", "href") or "")
    assert "回看以后才有的井盖" not in _text_of(window, f"{listed}?at={quote(began, safe='')}")
    window.go(f"/areas/{DISTRICT}?at={quote(began, safe='')}")
    window.page.focus(".past input[type=range]")
    window.page.keyboard.press("ArrowRight")
    window.page.wait_for_function(
        "(then) => document.querySelector('.stat b').textContent.trim() !== then", arg=str(then)
    )

    assert _total(window) > then
    assert axe(window.page) == []
    _answers_as_of(city_pages, began, then)
    window.page.click(".past a:has-text('回到现在')")
    window.page.wait_for_url(f"**/areas/{DISTRICT}")
    assert window.page.locator("[data-live]").count() == 1
    for name, size in (("phone", PHONE), ("desk", DESK)):
        window.page.set_viewport_size({"width": size[0], "height": size[1]})
        window.go(f"/areas/{DISTRICT}?at={quote(began, safe='')}")
        window.screenshot(f"past-{name}")

        assert window.fits(), name


def _answers_as_of(stack: RunningStack, at: str, cases: int) -> None:
    """The programs' doors say the same, and what they cannot say."""
    views, who = f"/api/v1/views/{DISTRICT}", {"role": "reader"}
    told = stack.call("GET", f"{views}?at={quote(at)}", **who).json()
    listed = stack.call("GET", f"{views}/cases?limit=1&at={quote(at)}", **who).json()

    assert told["area"]["cases"] == cases
    assert told["as_of"] == listed["as_of"]
    assert told["area"]["overdue_by_stage"] is None
    for wrong in ("2999-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2026-01-01T00:00:00", "yesterday"):
        refused = stack.call("GET", f"{views}?at={wrong}", **who)

        assert refused.status_code == 400, wrong
        assert "at" in refused.text


def _moments_before(window: Window) -> str:
    """The city's time now, to the second."""
    return str(window.page.evaluate("new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 19) + '+08:00'"))


def _total(window: Window) -> int:
    return int(window.page.inner_text(".stat >> nth=0 >> b").replace(",", ""))


def _text_of(window: Window, path: str) -> str:
    window.go(path)
    return str(window.page.inner_text("main"))


LIGHT = 300_000
"""Bytes of a page without ECharts and Leaflet: a phone in the street is to have it within seconds."""


@pytest.mark.parametrize(
    ("account", "paths"),
    [
        (None, ("/", "/login", "/report", "/docs/")),
        ("demo.dispatcher", ("/areas/530103", "/areas/530103.001.001", "/wall", "/work?view=all")),
        ("demo.acceptor", ("/desk",)),
        ("demo.grid", ("/field", "/field/solve", "/checks")),
        ("demo.leader", ("/assessment", "/flags", "/responsibilities")),
        ("demo.operator", ("/operations", "/inbox")),
    ],
)
def test_no_page_is_heavy(city_pages: RunningStack, account: str | None, paths: tuple[str, ...]) -> None:
    asked = requests.Session()
    if account is not None:
        body = {"account": account, "password": password_of(city_pages)}
        assert asked.post(f"{city_pages.url}/login", data=body, timeout=20).ok
    weights = {}
    for path in paths:
        answer = asked.get(city_pages.url + path, timeout=20)
        assert answer.status_code == 200, (path, answer.status_code)
        weights[path] = weigh(answer.text, asked, city_pages.url)

    assert {path: weight for path, weight in weights.items() if weight > LIGHT} == {}
