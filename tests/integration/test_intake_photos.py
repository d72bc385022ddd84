"""Photos at intake's doors: one in, one out, and nobody sees what does not concern them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
import requests

from services.intake.photos.sweeping import Sweep
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from shared.photos import FolderStore, hash_of
from tests.support.database import Database
from tests.support.intake_doors import REPORT, Doors, begun, running
from tests.support.pictures import exif, photo

pytestmark = pytest.mark.integration
ELSEWHERE = Area("530103.005")


@pytest.fixture(scope="module")
def doors(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with running(module_database, tmp_path_factory.mktemp("intake")) as found:
        yield found


def _path(reference: str, query: str = "") -> str:
    return f"/photos/{hash_of(reference)}{query}"


def test_a_photo_is_kept_and_its_facts_are_told_to_the_log(doors: Doors) -> None:
    answer = doors.photo(photo(1, exif=exif()), "grid_worker").json()
    doors.project()

    ((data, area, actor),) = doors.database.query(
        "SELECT data, area, actor FROM es.events WHERE stream = %s", [f"photo-{answer['sha256']}"]
    )
    assert answer["reference"] == f"photo:{answer['sha256']}"
    assert (data["width"], data["height"], data["size"]) == (640, 480, answer["size"])
    assert data["taken_at"] == "2026-05-03T01:12:00+00:00"
    assert data["point"]["lat"] == 25.04
    assert (area, actor["id"]) == ("530103.004", "grid_worker-1")
    assert len(list(doors.photos.rglob("*.jpg"))) == 2


def test_the_same_photo_sent_again_by_anybody_is_the_same(doors: Doors) -> None:
    raw, key = photo(2), {"Idempotency-Key": str(new_id())}
    before = doors.events()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: doors.photo(raw, headers=key), range(6)))
    again = doors.photo(raw, "acceptor")

    assert {answer.status_code for answer in (*answers, again)} == {201}
    assert len({answer.json()["reference"] for answer in (*answers, again)}) == 1
    assert doors.events() == before + 1


def test_what_is_no_picture_is_refused_whatever_it_is_called(doors: Doors) -> None:
    before = doors.events()

    page = doors.photo(b"<html><script>alert(1)</script>")
    called = doors.photo(photo(3), media="text/html")
    heic = doors.photo(b"\x00\x00\x00\x18ftypheic" + bytes(64), media="image/heic")
    nothing = doors.photo(b"")
    packed = doors.photo(photo(3), headers={"Content-Encoding": "gzip"})
    endless = doors.photo(os.urandom(10_000_001))
    astray = doors.photo(photo(3), "grid_worker", path="/photos?area=530103.005")
    nowhere = doors.photo(photo(3), path="/photos?area=530103.099")

    statuses = [answer.status_code for answer in (page, called, heic, nothing, packed, endless, astray, nowhere)]
    assert statuses == [400, 415, 400, 400, 415, 413, 403, 400]
    assert "JPEG" in heic.json()["hint"]
    assert doors.events() == before


def test_a_picture_is_taken_for_what_it_is_whatever_it_is_called(doors: Doors) -> None:
    answer = doors.photo(photo(4, kind="PNG"), media="application/octet-stream")

    assert answer.status_code == 201


def test_a_photo_is_shown_to_those_whom_it_concerns(doors: Doors) -> None:
    reference = doors.taken(photo(5))
    mine, other = doors.report(photos=[reference]), doors.report()
    unseen = doors.call("GET", _path(reference, f"?secret={mine['secret']}"))
    doors.project()

    full = doors.call("GET", _path(reference), role="supervisor")
    small = doors.call("GET", _path(reference, "?size=thumbnail"), role="duty_chief")
    own = doors.call("GET", _path(reference, f"?secret={mine['secret']}"))
    refused = [
        doors.call("GET", _path(reference)),
        doors.call("GET", _path(reference, f"?secret={other['secret']}")),
        doors.call("GET", _path(reference), role="acceptor", area=ELSEWHERE),
        doors.call("GET", _path("photo:" + "0" * 64), role="acceptor"),
        doors.call("GET", "/photos/..%2f..%2fetc%2fpasswd", role="acceptor"),
        unseen,
    ]

    assert [answer.status_code for answer in (full, small, own)] == [200, 200, 200]
    assert full.headers["Content-Type"] == "image/jpeg"
    assert "sandbox" in full.headers["Content-Security-Policy"]
    assert full.content == own.content
    assert len(small.content) < len(full.content)
    assert {answer.status_code for answer in refused} == {404}
    looks = doors.database.query(
        "SELECT read_by, role, size FROM intake.photo_accesses WHERE sha256 = %s ORDER BY 1", [hash_of(reference)]
    )
    assert [tuple(look) for look in looks] == [
        ("duty_chief-1", "duty_chief", "thumbnail"),
        ("reporter", "reporter", "full"),
        ("supervisor-1", "supervisor", "full"),
    ]


def test_whoever_sent_a_photo_sees_it_before_anything_refers_to_it(doors: Doors) -> None:
    reference = doors.taken(photo(6), "grid_worker")
    doors.project()

    assert doors.call("GET", _path(reference), role="grid_worker").status_code == 200
    assert doors.call("GET", _path(reference), role="acceptor").status_code == 404


def test_a_report_names_only_photos_that_were_sent(doors: Doors) -> None:
    reference = doors.taken(photo(7))
    before = doors.events()

    unknown = doors.call("POST", "/reports", _told([reference, "photo:" + "0" * 64]))
    twice = doors.call("POST", "/reports", _told([reference, reference]))
    nonsense = doors.call("POST", "/reports", _told(["paper:1"]))

    assert [answer.status_code for answer in (unknown, twice, nonsense)] == [400, 400, 400]
    assert unknown.json()["errors"] == {"photos": ["photo:" + "0" * 64]}
    assert doors.events() == before


def test_while_a_large_photo_is_drawn_everybody_else_is_served(doors: Doors) -> None:
    raw = photo(8, size=(4000, 3000), quality=90)

    with ThreadPoolExecutor(4) as pool:
        drawing = [pool.submit(doors.photo, raw + bytes([number])) for number in range(3)]
        waits = []
        while not all(one.done() for one in drawing):
            waits.append(doors.call("GET", "/reports/reasons").elapsed.total_seconds())

    assert {one.result().status_code for one in drawing} == {201}
    # Most of them at once: on a busy machine one or another may have to wait.
    assert len(waits) >= 5
    assert median(waits) < 0.5


def test_without_room_photos_are_refused_and_reports_are_not(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(database, tmp_path_factory.mktemp("full"), WUJI_PHOTO_GIGABYTES="1") as doors:
        doors.taken(photo(1))
        doors.project()
        database.query("UPDATE intake.photos SET size = 1000000000")
        doors.service.stop()
        begun(doors.service)

        full = doors.photo(photo(2))

        assert full.status_code == 503
        assert full.json()["detail"] == "the room for photos is used up: 1.0 of 1 GB"
        assert doors.report()["number"]


def test_without_a_place_for_photos_the_doors_say_so(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(database, tmp_path_factory.mktemp("none"), WUJI_PHOTO_DIR="") as doors:
        answer: requests.Response = doors.photo(photo(1))

        assert answer.status_code == 503
        assert "WUJI_PHOTO_DIR" in answer.json()["detail"]


def _told(photos: list[str]) -> dict[str, object]:
    return {**REPORT, "photos": photos}


def test_an_erased_persons_photo_is_gone_and_a_page_shows_that_it_was_deleted(doors: Doors) -> None:
    reference = doors.taken(photo(41))
    mine = doors.report(photos=[reference])
    doors.project()
    asked = {"subject": mine["report_id"]}
    ((subject,),) = doors.database.query("SELECT subject_id FROM intake.subjects WHERE report_id = %(subject)s", asked)
    done = doors.call("POST", f"/subjects/{subject}/erase", {"reason": "本人要求"}, role="operator")
    doors.project()
    store = FolderStore(doors.photos, least_free=0)
    log, rows = doors.database.log("intake"), doors.database.rows("intake")
    later = utc_now() + timedelta(minutes=1)
    would = list(Sweep(log, rows, store, 30, dry=True, everything=True).steps(later))
    did = list(Sweep(log, rows, store, 30, everything=True).steps(later))
    doors.project()
    shown = doors.call("GET", _path(reference), role="acceptor", headers={"Accept": "image/avif,image/*;q=0.8"})
    told = doors.call("GET", _path(reference), role="acceptor")

    assert done.status_code == 200
    assert (would, did) == ([("erased", hash_of(reference))], [("erased", hash_of(reference))])
    assert list(doors.photos.rglob(f"*{hash_of(reference)}*")) == []
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "照片已删除" in shown.text
    assert told.status_code == 404
    assert doors.taken(photo(41)) == reference
    assert store.exists(str(hash_of(reference)))
