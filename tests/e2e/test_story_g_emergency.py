"""Story G: epidemic mode. A street goes into it on a day off: posts around the clock, limits day and night, and back.

Today and tomorrow are published as days off, and the next Monday to Friday day after them, W, as worked 09:00-12:00
and 13:00-17:00. So nothing of a limit of 5 工作时 has run when the emergency starts, and all is hand arithmetic:

| | | due |
|---|---|---|
| before | W 09:00-12:00 is 3 h, 13:00-15:00 makes 5 h | W 15:00 |
| the emergency starts at s | all 5 h are left, and every hour counts | s + 5 h |
| it ends at e | 5 h less (e - s) are left, in working hours from W 09:00 | W 15:00 less (e - s) |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.kernel.clock import utc_now
from tests.support.city import City
from tests.support.city_calendar import DAY, days, is_weekend, published
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

STREET, VILLAGE = "530103.011", "530103.011.201"
ELSEWHERE = "530103.010.001"
DIRTY_ROAD = "E-01-04"
"""道路不洁: 5 工作时, dispatched at once."""
SHANGHAI = timezone(timedelta(hours=8))
HOUR = timedelta(hours=1)
FIVE_HOURS = 5 * HOUR


@dataclass(frozen=True)
class Weekend:
    """Today and tomorrow are off, whatever they are."""

    today: date

    @property
    def next_worked(self) -> date:
        return next(day for day in days(self.today + 2 * DAY, self.today + 5 * DAY) if not is_weekend(day))

    @property
    def fifteen_hours(self) -> datetime:
        """W 15:00."""
        found = self.next_worked
        return datetime(found.year, found.month, found.day, 15, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.fixture(scope="module")
def weekend(panlong: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weekend]:
    found = Weekend(utc_now().astimezone(SHANGHAI).date())
    off = [found.today, found.today + DAY]
    with published(panlong, tmp_path_factory.mktemp("calendar"), off=off, worked=[found.next_worked]):
        yield found


@pytest.fixture(scope="module")
def city(panlong: RunningStack, weekend: Weekend) -> City:  # its calendar comes first
    return City(panlong)


def _clocks(city: City, case_id: str) -> dict[str, dict[str, Any]]:
    """What runs of the case, by what it measures."""
    answer = city.ask("GET", f"/api/v1/cases/{case_id}/clocks", role="duty_chief")
    shown = answer.json()["clocks"] if answer.status_code == 200 else []
    return {clock["stage"]: clock for clock in shown if clock["state"] == "running"}


def _due(city: City, case_id: str) -> datetime | None:
    found = _clocks(city, case_id).get("handle")
    return None if found is None else datetime.fromisoformat(found["due_at"]).astimezone(UTC)


def _filed(city: City, area: str) -> str:
    case_id = city.filed("路面积水泥泞", area=area, issue_type=DIRTY_ROAD)
    assert eventually(lambda: {"sign", "handle"} <= _clocks(city, case_id).keys(), 30)
    return case_id


def _said(city: City, stream: str, kind: str) -> list[dict[str, Any]]:
    rows = city.stack.rows("SELECT data FROM es.events WHERE stream = %s AND type = %s ORDER BY seq", [stream, kind])
    return [row[0] for row in rows]


def _when(city: City, kind: str) -> datetime:
    """When the street's emergency started, or ended."""
    statement = "SELECT occurred_at FROM es.events WHERE stream = %s AND type = %s"
    ((at,),) = city.stack.rows(statement, [f"emergency-{STREET}", kind])
    found: datetime = at.astimezone(UTC)
    return found


def _starts(city: City) -> datetime:
    body = {"area": STREET, "kind": "epidemic", "reason": "辖区发现疫情，转入应急状态。", "templates": "epidemic"}
    path = "/api/v1/emergencies"
    stranger = city.stack.call("POST", path, body, role="duty_chief", area="530103.010", subject="other-chief")
    assert stranger.status_code == 403
    city.send("POST", path, body, role="duty_chief")
    return _when(city, "emergency.started")


def _is_shown(city: City, *, running: bool) -> dict[str, Any]:
    def rows() -> list[dict[str, Any]]:
        path = f"/api/v1/emergencies?area={STREET}&running={str(running).lower()}"
        return list(city.send("GET", path, role="reader")["emergencies"])

    assert eventually(rows, 30)
    return rows()[0]


def _opens_a_checkpoint(city: City) -> tuple[str, datetime, datetime]:
    """24 h a shift; between the first and the second nobody is planned for two hours. The post and that gap."""
    now = utc_now().replace(microsecond=0)
    gone, there = now + 6 * HOUR, now + 8 * HOUR
    post = {
        "area": STREET,
        "name": "街道卡点",
        "kind": "checkpoint",
        "emergency": True,
        "since": (gone - 24 * HOUR).isoformat(),
    }
    post_id = str(city.send("POST", "/api/v1/duty/posts", post, role="duty_chief")["post_id"])
    shifts = [("gw-0417", gone - 24 * HOUR, gone), ("gw-0418", there, there + 24 * HOUR)]
    planned = [{"person": who, "starts_at": a.isoformat(), "ends_at": b.isoformat()} for who, a, b in shifts]
    # What grid looks up of posts may be a moment behind.
    city.send("POST", f"/api/v1/duty/posts/{post_id}/shifts", {"shifts": planned}, role="duty_chief")
    return post_id, gone, there


def _the_gap_is_seen(city: City, post_id: str, gone: datetime, there: datetime) -> None:
    """On the board, and told of in the log before it is there."""

    def told() -> list[tuple[str, str | None]]:
        found = _said(city, f"duty-{post_id}", "duty.gap_found")
        return [(one["starts_at"], one["ends_at"]) for one in found]

    assert eventually(lambda: any(_instant(start) == gone for start, _ in told()), 60), told()
    ((_, until),) = [(start, end) for start, end in told() if _instant(start) == gone]
    assert until is not None
    assert _instant(until) == there
    board = city.send("GET", f"/api/v1/duty?area={STREET}", role="duty_chief")
    (row,) = [one for one in board["posts"] if one["post_id"] == post_id]
    assert board["with_gaps"] == 1
    assert row["on_duty"] == ["gw-0417"]
    assert [_instant(gap["starts_at"]) for gap in row["gaps"]] == [gone]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_street_goes_into_epidemic_mode_and_comes_back_without_a_false_breach(city: City, weekend: Weekend) -> None:
    here, there = _filed(city, VILLAGE), _filed(city, ELSEWHERE)
    usual = weekend.fifteen_hours
    assert (_due(city, here), _due(city, there)) == (usual, usual)

    started = _starts(city)
    assert _is_shown(city, running=True)["templates"] == "epidemic"
    assert eventually(lambda: _due(city, here) == started + FIVE_HOURS, 60), (_due(city, here), started)
    assert {clock["day_and_night"] for clock in _clocks(city, here).values()} == {True}
    assert _due(city, there) == usual
    _the_gap_is_seen(city, *_opens_a_checkpoint(city))

    city.send("POST", f"/api/v1/emergencies/{STREET}/end", {"reason": "疫情解除。"}, role="duty_chief")
    ended = _when(city, "emergency.ended")
    back = usual - (ended - started)
    assert eventually(lambda: _due(city, here) == back, 60), (_due(city, here), back)
    assert {clock["day_and_night"] for clock in _clocks(city, here).values()} == {False}
    assert _due(city, there) == usual

    moved = [one for one in _said(city, f"clock-{here}", "clock.recomputed") if one["stage"] == "handle"]
    assert [one["because"].split(" / ")[0] for one in moved] == [
        "应急状态，时限昼夜连续计算",
        "应急状态解除，恢复工作时间计算",
    ]
    assert _said(city, f"clock-{there}", "clock.recomputed") == []
    for case_id in (here, there):
        assert _said(city, f"clock-{case_id}", "clock.breached") == []
        assert not any(clock["is_overdue"] for clock in _clocks(city, case_id).values())
    assert _is_shown(city, running=False)["end_reason"] == "疫情解除。"


def test_posts_of_the_emergency_go_with_it(city: City) -> None:
    rows = "SELECT stream FROM es.events WHERE type = 'duty.post_opened' AND data ->> 'area' = %s"
    ((stream,),) = city.stack.rows(rows, [STREET])

    assert eventually(lambda: _said(city, stream, "duty.post_closed"), 60)
    refused = city.ask(
        "POST",
        "/api/v1/duty/posts",
        {"area": STREET, "name": "又一卡点", "kind": "checkpoint", "emergency": True},
        role="duty_chief",
    )
    assert (refused.status_code, refused.json()["rule"]) == (409, "duty.no_emergency")
