"""A resident on a phone: reports with a photo, without a network and then with one; follows it; rates it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from uuid import UUID

import pytest
from openpyxl import load_workbook
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from shapely import Point
from shapely.geometry.base import BaseGeometry

from services.survey.domain.feedback import feedback_id
from shared.kernel.ids import new_id
from shared.security import links
from tests.support.boundaries import collection, panlong
from tests.support.browser import DESK, PHONE, Open, Window, axe
from tests.support.city import City
from tests.support.stack import RunningStack, eventually

BUILDING = "530103.004.006.003.00001"
STREET = "530103.004"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = Image.new("RGB", (2400, 1800), (120, 140, 90))
    ImageDraw.Draw(picture).rectangle((300, 300, 900, 1200), fill=(90, 60, 40))
    kept = tmp_path / "bins.jpg"
    picture.save(kept)
    return kept


def tell(window: Window, words: str, photo: Path | None = None, place: str | None = None) -> None:
    """Every question up to the last one; without a place it came with the code on the door."""
    page = window.page
    if photo is not None:
        page.set_input_files("#camera", photo)
        expect(page.locator("#shots img")).to_have_count(1)
    page.click("#next")
    page.fill("#f-words", words)
    page.select_option("#f-type", "E-01-02")
    page.click("#next")
    if place is not None:
        page.select_option("#f-area", place)
    page.click("#next")


def reports_like(stack: RunningStack, words: str) -> list[tuple[str, int, bool]]:
    """Title, number of photos and openness of every report whose words contain these."""
    found = stack.rows(
        "SELECT data->>'title', json_array_length(data->'photos'), (data->>'openly')::boolean FROM es.events"
        " WHERE type = 'report.submitted' AND data->>'words' LIKE %s",
        (f"%{words}%",),
    )
    return [tuple(row) for row in found]


def test_a_resident_reports_with_a_photo_and_follows_it(
    browser_page: Open, city_pages: RunningStack, photo: Path
) -> None:
    window = browser_page(size=PHONE)
    page, words = window.page, f"垃圾房外堆了一地 {new_id().hex[-8:]}。电话 13812345678。"
    window.go(f"/report?area={BUILDING}")
    window.screenshot("report-photo-phone")
    assert axe(page) == []
    assert window.fits()
    tell(window, words, photo)
    page.fill("#f-name", "王小明")
    page.check("input[name=openly][value=yes]")
    window.screenshot("report-contact-phone")
    assert axe(page) == []
    page.click("#send")
    page.wait_for_url("**/track/**")
    expect(page.locator("h1")).to_contain_text("垃圾房外堆了一地")
    window.screenshot("track-new-phone")

    assert axe(page) == []
    assert window.fits()
    stored = reports_like(city_pages, words[:16])
    assert len(stored) == 1
    assert stored[0][1:] == (1, True)
    texts = city_pages.rows("SELECT string_agg(data::text, '') FROM es.events WHERE stream LIKE %s", ("report-%",))[0][
        0
    ]
    assert "13812345678" not in texts
    assert "王小明" not in texts


def test_without_a_network_it_waits_on_the_phone_and_is_sent_once(
    browser_page: Open, city_pages: RunningStack, photo: Path
) -> None:
    window = browser_page(size=PHONE)
    window.expected = ["ERR_INTERNET_DISCONNECTED"]
    page, mark = window.page, new_id().hex[-8:]
    window.go(f"/report?area={BUILDING}")
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    tell(window, f"断网上报 {mark}-1", photo)
    page.click("#send")
    expect(page.locator("#outbox")).to_contain_text("1")
    # Opened again, the page comes out of the phone's own store, and the place has to be chosen.
    window.go("/report")
    tell(window, f"断网上报 {mark}-2", place="530103.004.006")
    page.click("#send")
    expect(page.locator("#outbox")).to_contain_text("2")
    window.screenshot("report-offline-phone")
    nothing_yet = reports_like(city_pages, mark)
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#outbox")).to_be_hidden(timeout=30_000)
    page.reload()
    page.wait_for_timeout(500)

    assert nothing_yet == []
    assert sorted((count for _, count, _ in reports_like(city_pages, mark)), reverse=True) == [1, 0]


def bound_a_street(stack: RunningStack, folder: Path) -> dict[str, BaseGeometry]:
    """Schematic boundaries of a street and of everything in it, brought in as an operator does."""
    ground = {path: shape for path, shape in panlong().items() if path.startswith(STREET)}
    file = folder / "示意.geojson"
    file.write_text(json.dumps(collection(ground)), encoding="utf-8")
    done = stack.json("areas", "import", str(file), "--source", "示意", "--commit")
    known = "SELECT count(*) FROM intake.outlines"

    assert done["refused"] == 0
    assert eventually(lambda: stack.rows(known, role="intake")[0][0] >= len(ground), 20)
    return ground


def choose_by_keyboard(window: Window) -> str:
    """On the map, a little nearer and a little to the side; what is said to be there."""
    page, take = window.page, window.page.locator("#picker [data-take]")
    page.click("#on-map")
    expect(take).to_be_enabled()
    window.screenshot("report-map-phone")
    assert axe(page) == []
    assert window.fits()
    expect(page.locator(".picker-map")).to_be_focused()
    for key in ("Equal", "ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_timeout(800)
    expect(take).to_be_enabled()
    named = page.inner_text(".picker-told")
    page.keyboard.press("Enter")
    expect(page.locator("#where .tag").last).to_have_text(named.split(" › ")[-1])
    return named


def test_a_resident_chooses_the_place_on_a_map_and_the_staff_see_the_same_ground(
    browser_page: Open, city_pages: RunningStack, tmp_path: Path
) -> None:
    ground = bound_a_street(city_pages, tmp_path)
    window = browser_page(size=PHONE)
    page, mark = window.page, new_id().hex[-8:]
    window.go(f"/report?area={STREET}.006")
    page.click("#next")
    page.fill("#f-words", f"井盖松动 {mark}")
    page.select_option("#f-type", "E-01-02")
    page.click("#next")
    before = page.evaluate("performance.getEntriesByType('resource').map(one => one.name).join()")
    named = choose_by_keyboard(window)
    page.click("#next")
    page.click("#send")
    page.wait_for_url("**/track/**")
    ((area, lat, lon),) = city_pages.rows(
        "SELECT area, (data->'point'->>'lat')::float, (data->'point'->>'lon')::float FROM es.events"
        " WHERE type = 'report.submitted' AND data->>'words' LIKE %s",
        (f"%{mark}%",),
    )

    staff = browser_page("demo.dispatcher")
    staff.go(f"/areas/{STREET}")
    staff.screenshot("area-real-map")

    assert "leaflet" not in before
    assert len(named.split(" › ")) >= 3
    assert ground[area[:14]].covers(Point(lon, lat))
    assert staff.page.locator("svg.mosaic.real a").count() == len(ground) - 1


def test_a_neighbour_joins_instead_of_telling_it_again(browser_page: Open, city_pages: RunningStack) -> None:
    mark = new_id().hex[-6:]
    city = City(city_pages)
    words = f"单元门口的飞线充电 {mark}，晚上很危险。"
    first = city.report(words, words=words, area=BUILDING, openly=True)
    known = "SELECT count(*) FROM intake.reports WHERE report_id = %s"
    assert eventually(lambda: city_pages.rows(known, (first["report_id"],), role="intake")[0][0] == 1, 20)
    window = browser_page(size=PHONE)
    window.go(f"/report?area={BUILDING}")
    tell(window, f"单元门口飞线充电 {mark} 太危险了")
    page = window.page
    page.locator(".alike .plus").first.click()
    window.screenshot("report-alike-phone")
    assert axe(page) == []
    page.click("#send")
    page.wait_for_url("**/track/**")
    merged = "SELECT data->>'into' FROM es.events WHERE type = 'report.merged'"

    assert (str(first["report_id"]),) in [tuple(row) for row in city_pages.rows(merged)]


def test_it_works_without_scripts(browser_page: Open, city_pages: RunningStack) -> None:
    window = browser_page(size=PHONE, java_script_enabled=False)
    page, mark = window.page, new_id().hex[-8:]
    window.expected = ["400"]
    window.go("/report")
    page.fill("#f-words", f"没有脚本也能报 {mark}")
    page.click("#send")
    page.wait_for_load_state("load")
    wrong = page.inner_text("main")
    page.select_option("#f-type", "E-01-02")
    page.select_option("#f-area", "530103.004.006")
    page.click("#send")
    page.wait_for_url("**/track/**")

    assert "请选择地点" in wrong
    assert len(reports_like(city_pages, mark)) == 1


def test_whoever_has_not_the_secret_sees_nothing(browser_page: Open, city_pages: RunningStack) -> None:
    receipt = City(city_pages).report("路灯不亮")
    window = browser_page()
    window.expected = ["404"]
    answer = window.go(f"/track/{receipt['report_id']}?secret=guess")

    assert answer.status == 404
    assert "路灯不亮" not in window.page.content()


@pytest.mark.parametrize("senior", [False, True], ids=["standard", "senior"])
def test_the_resident_rates_it(browser_page: Open, city_pages: RunningStack, senior: bool) -> None:
    city = City(city_pages)
    case_id = city.to_closed(f"评价页面 {new_id().hex[-6:]}")
    question = feedback_id(UUID(case_id), 1)
    asked = "SELECT count(*) FROM es.events WHERE stream = %s"
    assert eventually(lambda: city_pages.rows(asked, (f"feedback-{question}",))[0][0] == 1, 30)
    token = links.token(_link_key(city_pages), "feedback", question)
    window = browser_page(size=PHONE)
    window.expected = ["400"]
    page = window.page
    if senior:
        window.go("/look?senior=1&next=/")
    window.go(f"/feedback/{question}?token={token}")
    window.screenshot(f"feedback-phone{'-senior' if senior else ''}")
    assert axe(page) == []
    assert window.fits()
    page.click("main button[type=submit]")
    page.wait_for_load_state("load")
    told = page.inner_text("main")
    page.check("input[name=resolved][value=no]")
    page.check("input[name=satisfaction][value=unsatisfied]")
    page.fill("#f-words", "还是老样子")
    page.check("input[name=again]")
    page.click("main button[type=submit]")
    page.wait_for_load_state("load")

    assert "请选一项" in told
    assert "您的评价已经收到" in page.inner_text("main")
    assert city.wait_for(case_id, "reopened")["state"] == "reopened"


def _link_key(stack: RunningStack) -> bytes:
    return base64.b64decode(stack.environment("survey")["WUJI_LINK_KEY"])


def test_codes_for_the_doors_are_printed_twelve_to_a_sheet(browser_page: Open) -> None:
    window = browser_page("demo.street", size=DESK)
    window.go("/posters/530103.001.001")
    window.screenshot("posters")

    assert window.page.locator(".poster svg").count() > 0
    assert axe(window.page) == []


def test_the_assessment_opens_the_cases_behind_a_number(browser_page: Open, city_pages: RunningStack) -> None:
    window = browser_page("demo.chief", size=DESK)
    today = city_pages.rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")[0][0]
    window.go(f"/assessment?last_day={today}&by=street")
    window.screenshot("assessment")
    page = window.page
    assert axe(page) == []
    link = page.locator(".figures td a").first
    told = int(link.inner_text().replace(",", ""))
    link.click()
    page.wait_for_load_state("load")
    window.screenshot("assessment-cases")
    with page.expect_download() as download:
        page.go_back()
        page.get_by_text("导出 XLSX").click()
    sheet = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active

    assert told >= 1
    assert sheet is not None
    assert sheet.max_row > 10
