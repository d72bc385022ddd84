"""Work in the field at intake's doors: batches sent late and twice, what was put right at once, looks, appeals."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from tests.support.database import Database
from tests.support.intake_doors import REPORT, Doors, running
from tests.support.pictures import photo

pytestmark = pytest.mark.integration
BUILDING = "530103.004.012.003.00007"
FOUND: dict[str, Any] = {"title": "井盖松动", "words": "车过就响。", "issue_type": "E-01-02", "area": BUILDING}


@pytest.fixture(scope="module")
def doors(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with running(module_database, tmp_path_factory.mktemp("intake")) as found:
        yield found


def item(client_id: str | None = None, hours_ago: float = 1, **changes: Any) -> dict[str, Any]:
    captured = utc_now() - timedelta(hours=hours_ago)
    return {"client_id": client_id or str(new_id()), "captured_at": captured.isoformat(), **FOUND, **changes}


def send(doors: Doors, *items: Any, **more: Any) -> dict[str, Any]:
    account = more.pop("account", "worker-7")
    body = {"items": list(items), **more}
    answer = doors.call("POST", "/field/reports", body, role="grid_worker", account=account)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def results(answer: dict[str, Any]) -> list[str]:
    return [one["result"] for one in answer["items"]]


# --- batches ------------------------------------------------------------------------------------------------------


def test_a_batch_is_told_at_the_time_of_the_field(doors: Doors) -> None:
    sent = item(hours_ago=6, point={"lat": 25.04, "lon": 102.73, "accuracy": 12.5})

    (one,) = send(doors, sent)["items"]

    ((occurred, recorded, data),) = doors.database.query(
        "SELECT occurred_at, recorded_at, data FROM es.events WHERE stream = %s", [f"report-{one['report_id']}"]
    )
    assert occurred == datetime.fromisoformat(sent["captured_at"])
    assert recorded - occurred > timedelta(hours=5)
    assert data["source"] == "grid_worker"
    assert data["point"]["accuracy"] == 12.5


def test_sent_again_in_any_order_nothing_is_stored_twice(doors: Doors) -> None:
    items = [item(f"again-{number}", title=f"第 {number} 处破损") for number in range(5)]
    first = send(doors, *items)
    before = doors.events()

    again = send(doors, *reversed(items))
    part = send(doors, *items[2:4], item("again-new", title="又一处"))

    assert results(first) == ["accepted"] * 5
    assert results(again) == ["seen_before"] * 5
    assert results(part) == ["seen_before", "seen_before", "accepted"]
    assert {one["report_id"] for one in first["items"]} == {one["report_id"] for one in again["items"]}
    assert doors.events() == before + 1


def test_two_sendings_at_once_store_each_item_once(doors: Doors) -> None:
    items = [item(f"race-{number}", title=f"竞争 {number}") for number in range(8)]
    before = doors.events()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(doors, *items), range(4)))

    assert doors.events() == before + 8
    assert sum(answer["accepted"] for answer in answers) == 8
    assert len({one["report_id"] for answer in answers for one in answer["items"]}) == 8


def test_one_bad_item_keeps_nobody_out_and_says_what_is_wrong(doors: Doors) -> None:
    good = item()
    bad = [
        {"client_id": "no-fields"},
        "not an object",
        item(issue_type="Z-99"),
        item(area="530103.005"),
        item(hours_ago=-2),
        item(hours_ago=31 * 24),
        item(photos=["photo:" + "0" * 64]),
        item(client_id="a space"),
        item(captured_at="2026-05-03 09:00"),
        item(surprise=1),
        item(self_handled={"answer": "好了", "before": [], "after": []}),
    ]
    before = doors.events()

    refused = doors.call("POST", "/field/reports", {"items": ["not an object"]}, role="grid_worker")
    answer = send(doors, *(one for one in bad if isinstance(one, dict)), good)

    *wrong, last = answer["items"]
    assert refused.status_code == 400
    assert {one["result"] for one in wrong} == {"invalid"}
    assert last["result"] == "accepted"
    assert (answer["accepted"], answer["invalid"]) == (1, 10)
    assert all(one["detail"] for one in wrong)
    assert [one.get("where") for one in wrong][1:6] == ["issue_type", None, "captured_at", "captured_at", "photos"]
    assert "future" in wrong[3]["detail"]
    assert "30 days" in wrong[4]["detail"]
    assert doors.events() == before + 1


def test_an_id_is_good_for_one_thing_within_a_batch_and_across(doors: Doors) -> None:
    one = item("same-id")

    within = send(doors, one, one, {**one, "words": "另一件事"})
    across = send(doors, {**one, "words": "又一件事"})
    of_another = send(doors, one, account="worker-8")

    assert results(within) == ["accepted", "seen_before", "invalid"]
    assert results(across) == ["invalid"]
    assert results(of_another) == ["accepted"]
    assert of_another["items"][0]["report_id"] != within["items"][0]["report_id"]


def test_a_device_with_a_wrong_clock_is_put_right(doors: Doors) -> None:
    ahead = utc_now() + timedelta(days=3)
    sent = item(captured_at=(ahead - timedelta(hours=2)).isoformat())

    (one,) = send(doors, sent, sent_at=ahead.isoformat())["items"]

    ((occurred,),) = doors.database.query(
        "SELECT occurred_at FROM es.events WHERE stream = %s", [f"report-{one['report_id']}"]
    )
    assert abs(utc_now() - timedelta(hours=2) - occurred) < timedelta(minutes=1)


def test_likely_duplicates_are_pointed_out_and_stored_all_the_same(doors: Doors) -> None:
    place = "530103.004.012.004.00001"
    known = doors.report(title="楼道灯全黑", words="整个单元的楼道灯都不亮。", area=place, issue_type="E-01-03")
    doors.project()
    first = item(title="楼道灯不亮", words="单元楼道灯全不亮。", area=place, issue_type="E-01-03")
    second = item(title="楼道灯都不亮", words="整个单元楼道灯都不亮了。", area=place, issue_type="E-01-03")
    other = item(title="消防通道停车", words="两辆面包车。", area=place)

    answer = send(doors, first, second, other)

    assert results(answer) == ["accepted"] * 3
    candidates = [{one["report_id"] for one in found["candidates"]} for found in answer["items"]]
    ids = [one["report_id"] for one in answer["items"]]
    assert candidates == [{known["report_id"], ids[1]}, {known["report_id"], ids[0]}, set()]


def test_a_batch_has_a_size_and_is_for_the_field(doors: Doors) -> None:
    assert doors.call("POST", "/field/reports", {"items": []}, role="grid_worker").status_code == 400
    too_many = {"items": [item() for _ in range(101)]}
    assert doors.call("POST", "/field/reports", too_many, role="grid_worker").status_code == 400
    assert doors.call("POST", "/field/reports", {"items": [item()]}, role="acceptor").status_code == 403
    assert doors.call("POST", "/field/reports", {"items": [item()]}).status_code == 401


# --- put right at once --------------------------------------------------------------------------------------------


def test_found_and_put_right_is_one_form_and_two_facts(doors: Doors) -> None:
    before, after = doors.taken(photo(11), "grid_worker"), doors.taken(photo(12), "grid_worker")
    form = {**FOUND, "answer": "当场复位。", "before": [before], "after": [after]}
    key = {"Idempotency-Key": str(new_id())}

    done = doors.call("POST", "/reports/self-handled", form, role="grid_worker", headers=key)
    again = doors.call("POST", "/reports/self-handled", form, role="grid_worker", headers=key)
    in_batch = send(doors, item(self_handled={"answer": "也好了", "before": [before], "after": [after]}))
    doors.project()

    report_id = done.json()["report_id"]
    types = doors.database.query(
        "SELECT type FROM es.events WHERE stream = %s ORDER BY version", [f"report-{report_id}"]
    )
    waiting = doors.call("GET", "/reports?limit=200", role="acceptor").json()["reports"]
    assert (done.status_code, again.json()) == (201, done.json())
    assert [name for (name,) in types] == ["report.submitted", "report.self_handled"]
    assert results(in_batch) == ["accepted"]
    assert not {report_id, in_batch["items"][0]["report_id"]} & {one["report_id"] for one in waiting}
    refused = doors.call("POST", f"/reports/{report_id}/reject", {"reason_code": "abusive"}, role="acceptor")
    assert refused.json()["rule"] == "report.already_accepted"


def test_putting_right_needs_photos_that_show_it(doors: Doors) -> None:
    before = doors.taken(photo(13), "grid_worker")
    form = {**FOUND, "answer": "好了。", "before": [before], "after": [before]}

    same = doors.call("POST", "/reports/self-handled", form, role="grid_worker")
    none = doors.call("POST", "/reports/self-handled", {**form, "after": []}, role="grid_worker")
    resident = doors.call("POST", "/reports/self-handled", form)
    elsewhere = doors.call("POST", "/reports/self-handled", form, role="grid_worker", area=Area("530103.005"))

    assert [answer.status_code for answer in (same, none, resident, elsewhere)] == [400, 400, 401, 403]
    assert same.json()["where"] == "after"


# --- looks --------------------------------------------------------------------------------------------------------


def test_who_is_asked_to_look_sees_it_and_others_do_not(doors: Doors) -> None:
    anybody, named = doors.report()["report_id"], doors.report()["report_id"]
    doors.call("POST", f"/reports/{anybody}/verification", role="acceptor")
    asked = doors.call("POST", f"/reports/{named}/verification?assignee=worker-7", role="acceptor")
    again = doors.call("POST", f"/reports/{named}/verification?assignee=worker-7", role="acceptor")
    other = doors.call("POST", f"/reports/{named}/verification?assignee=worker-9", role="acceptor")
    doors.project()

    def looks(account: str, query: str = "") -> set[str]:
        found = doors.call("GET", f"/reports/verifications{query}", role="grid_worker", account=account).json()
        return {one["report_id"] for one in found["reports"]} & {anybody, named}

    assert [answer.json()["events"] for answer in (asked, again, other)] == [1, 0, 1]
    assert looks("worker-7") == {anybody}
    assert looks("worker-9") == {anybody, named}
    assert looks("worker-7", "?all=true") == {anybody, named}
    seen = {"found": True, "findings": "有", "photos": [doors.taken(photo(14), "grid_worker")]}
    doors.call("POST", f"/reports/{named}/verified", seen, role="grid_worker", account="worker-9")
    doors.project()
    assert looks("worker-9") == {anybody}


# --- appeals ------------------------------------------------------------------------------------------------------


def test_a_refusal_may_be_appealed_against_once(doors: Doors) -> None:
    receipt = doors.report()
    path = f"/reports/{receipt['report_id']}"
    appeal = {"secret": receipt["secret"], "reason": "就在你们辖区，电话 13888886666。"}
    too_early = doors.call("POST", f"{path}/appeal", appeal)
    doors.call("POST", f"{path}/reject", {"reason_code": "not_our_district"}, role="acceptor")

    stranger = doors.call("POST", f"{path}/appeal", {**appeal, "secret": "x" * 22})
    done = doors.call("POST", f"{path}/appeal", appeal)
    again = doors.call("POST", f"{path}/appeal", appeal)
    doors.project()
    shown = doors.call("GET", f"{path}?secret={receipt['secret']}").json()
    (row,) = [
        one
        for one in doors.call("GET", "/reports?limit=200", role="acceptor").json()["reports"]
        if one["report_id"] == receipt["report_id"]
    ]
    doors.call("POST", f"{path}/reject", {"reason_code": "abusive"}, role="acceptor")
    over = doors.call("POST", f"{path}/appeal", appeal)

    assert (too_early.status_code, too_early.json()["rule"]) == (409, "report.not_rejected")
    assert stranger.status_code == 404
    assert (done.json()["events"], again.json()["events"]) == (1, 0)
    assert shown["state"] == "reported"
    assert "申诉" in shown["steps"][-1]["zh"]
    assert row["appealed"]
    assert (over.status_code, over.json()["rule"]) == (409, "report.already_appealed")
    ((data,),) = doors.database.query(
        "SELECT data FROM es.events WHERE type = 'report.appealed' AND stream = %s", [f"report-{receipt['report_id']}"]
    )
    assert "13888886666" not in data["reason"]


# --- doors and what they are believed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "source", "looked_at"),
    [
        (None, None, True),
        ("acceptor", "media", True),
        ("acceptor", "superior", False),
        ("leader", None, False),
        ("hotline", None, False),
        ("window", None, False),
        ("operator", None, False),
        ("supervisor", None, False),
    ],
)
def test_each_source_has_its_doors_and_is_believed_as_the_city_says(
    doors: Doors, role: str | None, source: str | None, looked_at: bool
) -> None:
    more = {} if source is None else {"source": source}
    report_id = doors.report(role, **more)["report_id"]

    answer = doors.call("POST", f"/reports/{report_id}/accept", role="acceptor")

    assert answer.status_code == (409 if looked_at else 200)
    if looked_at:
        assert answer.json()["rule"] == "report.needs_verification"


def test_nobody_comes_through_a_door_that_is_not_theirs(doors: Doors) -> None:
    for role, source in (("grid_worker", "media"), ("hotline", "superior"), ("acceptor", "device"), ("reader", None)):
        body = REPORT if source is None else {**REPORT, "source": source}
        assert doors.call("POST", "/reports", body, role=role).status_code == 403
