"""一图一网络 in a real browser: five levels by keyboard, Back, numbers that open their cases, no need for scripts."""

from __future__ import annotations

import io

import openpyxl
import pytest

from tests.support.browser import DESK, PHONE, WALL, Open, Window, axe
from tests.support.stack import RunningStack

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


def test_everything_but_liveness_works_without_scripts(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher", java_script_enabled=False)
    window.go(f"/areas/{DISTRICT}")
    window.page.click("thead a >> nth=1")
    window.page.click("svg.mosaic a >> nth=0")

    assert window.page.url.endswith("/areas/530103.001")


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
