"""Story E: a grid worker is without a network for six hours, and tells everything on return; nothing is told twice.

40 visits and 3 reports: one that a resident has told of meanwhile, one that nobody knows, one that the worker put
right at once. The first answer is lost on its way, so everything is sent again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from tests.support.city import City
from tests.support.pictures import exif, photo
from tests.support.stack import RunningStack, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMUNITY = "530103.004.001"
GROUP = "530103.004.001.001"
WORKER = "worker-0317"
AWAY = timedelta(hours=6)


@dataclass
class Phone:
    """The worker's device: it names what it keeps, and sends it when there is a network."""

    stack: RunningStack
    day: str = field(default_factory=lambda: str(new_id())[-12:])
    since: datetime = field(default_factory=lambda: utc_now() - AWAY)

    def captured(self, minutes: int) -> str:
        return (self.since + timedelta(minutes=minutes)).isoformat()

    def visit(self, number: int) -> dict[str, Any]:
        return {
            "client_id": f"{self.day}-visit-{number}",
            "captured_at": self.captured(number * 8),
            "area": GROUP,
            "household": f"3-1-{100 + number}",
            "met": number % 4 != 0,
            "words": "" if number % 10 else "反映楼道灯不亮",
        }

    def report(self, name: str, minutes: int, **said: Any) -> dict[str, Any]:
        return {
            "client_id": f"{self.day}-{name}",
            "captured_at": self.captured(minutes),
            "area": GROUP,
            "issue_type": "E-01-02",
            "point": {"lat": 25.071, "lon": 102.731, "accuracy": 18.0},
            **said,
        }

    def send(self, path: str, body: Any, *, patience: float = 30) -> requests.Response:
        return requests.post(self.stack.url + path, json=body, headers=self._signed(), timeout=patience)

    def send_photo(self, content: bytes) -> str:
        headers = {**self._signed(), "Content-Type": "image/jpeg"}
        answer = requests.post(f"{self.stack.url}/api/v1/photos", data=content, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def lose_the_answer(self, path: str, body: Any) -> None:
        """The network goes away while the platform answers. Whatever it did, it did."""
        try:
            self.send(path, body, patience=0.05)
        except requests.Timeout:
            return

    def _signed(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.stack.token('grid_worker', COMMUNITY, subject=WORKER)}"}


@pytest.fixture
def phone(panlong: RunningStack) -> Iterator[Phone]:
    return Phone(panlong)


@dataclass
class Kept:
    """What the device holds when the network comes back."""

    visits: list[dict[str, Any]]
    known: dict[str, Any]
    unknown: dict[str, Any]
    at_once: dict[str, Any]

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The device has one of them twice, as devices do."""
        return [self.known, self.unknown, self.at_once, dict(self.unknown)]


def walk(phone: Phone) -> Kept:
    """40 doors, and three things that are not right."""
    before, after = phone.send_photo(photo(41, exif=exif())), phone.send_photo(photo(42, exif=exif()))
    done = {"answer": "已当场清走。", "before": [before], "after": [after]}
    return Kept(
        visits=[phone.visit(number) for number in range(40)],
        known=phone.report("known", 60, title="三号楼前垃圾桶倒了", words="没人管。", photos=[before]),
        unknown=phone.report("unknown", 120, title="后门堆放建筑垃圾", words="后门外装修砖块占了半边路。"),
        at_once=phone.report("at-once", 180, title="单元门口杂物", words="纸箱挡道。", self_handled=done),
    )


def test_what_was_kept_offline_is_told_once_however_often_it_is_sent(panlong: RunningStack, phone: Phone) -> None:
    city, kept = City(panlong), walk(phone)
    told_meanwhile = str(city.report("三号楼前垃圾桶倒了没人管", area=GROUP)["report_id"])
    assert eventually(lambda: _waits(city, told_meanwhile)), "the desk does not hear of the resident's report"

    # The network is back, goes away while the platform answers, and is back again.
    phone.lose_the_answer("/api/v1/field/visits", {"visits": kept.visits})
    phone.lose_the_answer("/api/v1/field/reports", {"items": kept.reports})
    first = phone.send("/api/v1/field/reports", {"items": kept.reports, "sent_at": utc_now().isoformat()}).json()
    again = phone.send("/api/v1/field/reports", {"items": kept.reports[::-1]}).json()
    visited = phone.send("/api/v1/field/visits", {"visits": kept.visits}).json()
    visited_again = phone.send("/api/v1/field/visits", {"visits": kept.visits[::-1]}).json()
    ids = {one["client_id"]: one["report_id"] for one in first["items"]}

    assert {one["result"] for one in first["items"]} <= {"accepted", "seen_before"}
    assert [one["result"] for one in again["items"]] == ["seen_before"] * 4
    assert ids == {one["client_id"]: one["report_id"] for one in again["items"]}
    assert len(set(ids.values())) == 3
    assert visited["refused"] == visited_again["refused"] == 0
    assert visited_again["repeated"] == 40
    assert len({one["visit_id"] for one in (*visited["results"], *visited_again["results"])}) == 40
    assert _stored(panlong, phone) == {"report.submitted": 3, "report.self_handled": 1, "visit.recorded": 40}
    _told_at_the_time_of_the_field(panlong, ids[kept.unknown["client_id"]], kept.unknown)

    # What the resident told of is pointed out, and the desk puts the two together: three issues are three cases.
    known, unknown, at_once = (ids[one["client_id"]] for one in (kept.known, kept.unknown, kept.at_once))
    assert told_meanwhile in {one["report_id"] for one in first["items"][0]["candidates"]}
    city.send("POST", f"/api/v1/reports/{told_meanwhile}/merge", {"into": known}, role="acceptor")
    for report in (known, unknown):
        # A patrol has seen it: nobody needs to look again.
        city.send("POST", f"/api/v1/reports/{report}/accept", {}, role="acceptor")
        city.wait_for(report, "dispatched")
    assert eventually(lambda: city.case(at_once), 30)["state"] in ("self_handled", "checking", "closed")
    assert _cases(panlong, [*ids.values(), told_meanwhile]) == 3
    _nobody_is_late_by_what_was_not_known(panlong, [known, unknown, at_once])


def test_one_device_cannot_speak_for_another_worker(panlong: RunningStack, phone: Phone) -> None:
    mine = phone.report("mine", 10, title="路面坑洼", words="三处。")
    stored = phone.send("/api/v1/field/reports", {"items": [mine]}).json()["items"][0]
    other = panlong.token("grid_worker", COMMUNITY, subject="worker-0999")

    answer = requests.post(
        f"{panlong.url}/api/v1/field/reports",
        json={"items": [{**mine, "title": "别的"}, {**mine, "area": "530103.005", "client_id": "x"}]},
        headers={"Authorization": f"Bearer {other}"},
        timeout=30,
    ).json()

    assert [one["result"] for one in answer["items"]] == ["accepted", "invalid"]
    assert answer["items"][0]["report_id"] != stored["report_id"]
    assert "530103.005" in answer["items"][1]["detail"]


def _waits(city: City, report_id: str) -> bool:
    found = city.ask("GET", "/api/v1/reports?limit=200", role="acceptor").json()["reports"]
    return any(one["report_id"] == report_id for one in found)


def _stored(stack: RunningStack, phone: Phone) -> dict[str, int]:
    """What the log holds of this worker's since they went out."""
    rows = stack.rows(
        "SELECT type, count(*) FROM es.events "
        "WHERE actor ->> 'id' = %s AND recorded_at > %s AND type <> 'photo.stored' GROUP BY type",
        [WORKER, phone.since + AWAY - timedelta(minutes=1)],
    )
    return dict(rows)  # type: ignore[arg-type]


def _cases(stack: RunningStack, ids: list[str]) -> int:
    ((count,),) = stack.rows(
        "SELECT count(*) FROM es.events WHERE type IN ('case.filed', 'case.self_handled') "
        "AND correlation_id = ANY (%s::uuid[])",
        [ids],
    )
    return int(count)


def _told_at_the_time_of_the_field(stack: RunningStack, report_id: str, said: dict[str, Any]) -> None:
    ((occurred, recorded),) = stack.rows(
        "SELECT occurred_at, recorded_at FROM es.events WHERE stream = %s AND version = 1", [f"report-{report_id}"]
    )
    assert occurred == datetime.fromisoformat(said["captured_at"])
    assert recorded - occurred > timedelta(hours=3)


def _nobody_is_late_by_what_was_not_known(stack: RunningStack, reports: list[str]) -> None:
    """The desk's time begins when it was told, hours after the field saw it; so nothing was overdue on arrival."""
    statement = (
        "SELECT (clock.data ->> 'started_at')::timestamptz >= told.recorded_at FROM es.events told"
        " JOIN es.events clock ON clock.stream = 'clock-' || %s AND clock.data ->> 'stage' IN ('accept', 'file')"
        " WHERE told.stream = 'report-' || %s AND told.version = 1 AND clock.type = 'clock.started'"
    )
    breached = "SELECT count(*) FROM es.events WHERE stream = 'clock-' || %s AND type = 'clock.breached'"
    for report in reports:
        began = eventually(lambda report=report: stack.rows(statement, [report, report]), 30)
        assert began, report
        assert {row[0] for row in began} == {True}
        assert stack.rows(breached, [report]) == [(0,)]
