"""The doors of the complete case over HTTP, on real servers: every answer is what the OpenAPI document promises, and
the work lists follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from tests.integration.test_dispatch_and_survey import bench, ladder, reactions, ready
from tests.support.dispatch_bench import Bench

pytestmark = pytest.mark.integration

__all__ = ["bench", "ladder", "reactions"]
SANITATION = {"role": "department", "department": "sanitation"}
URBAN = {"role": "department", "department": "urban"}
CHIEF = {"role": "duty_chief"}
DISPATCHER = {"role": "dispatcher"}


def refused(bench: Bench, case_id: UUID, action: str, body: Any = None, **who: Any) -> tuple[int, str | None]:
    answer = bench.call("POST", f"/api/v1/cases/{case_id}/{action}", body or {}, **who)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return answer.status_code, answer.json().get("rule")


def work(bench: Bench, query: str = "", **who: Any) -> list[dict[str, Any]]:
    bench.move_on()
    return list(bench.call("GET", f"/api/v1/cases{query}", **who).json()["cases"])


def test_two_departments_ask_are_answered_and_hand_the_case_on_together(bench: Bench) -> None:
    case_id = ready(bench).accept()
    bench.move_on()
    bench.wait_for_state(case_id, "dispatched")
    bench.step(case_id, "tasks", {"department": "urban", "what": "维持秩序"}, **DISPATCHER)
    bench.step(case_id, "sign", **SANITATION)
    bench.step(case_id, "start", **SANITATION)
    asked = bench.step(
        case_id,
        "extension",
        {"limit": {"amount": 2, "unit": "working_hours"}, "reason": "等吊车"},
        **SANITATION,
    )
    (request,) = asked["requests"]
    waiting = work(bench, "?asked=true", **CHIEF)
    granted = bench.step(case_id, f"requests/{request['request_id']}/approve", **CHIEF)
    day = (utc_now() + timedelta(days=30)).date().isoformat()
    (request,) = bench.step(case_id, "suspension", {"reason": "汛期", "review_on": day}, **SANITATION)["requests"]
    aside = bench.step(case_id, f"requests/{request['request_id']}/approve", **CHIEF)
    (listed,) = work(bench, **URBAN)
    back = bench.step(case_id, "resume", {"reason": "汛期结束"}, **CHIEF)
    bench.step(case_id, "respond", {"answer": "已清运"}, **SANITATION)
    bench.step(case_id, "sign", **URBAN)
    done = bench.step(case_id, "respond", {"answer": "秩序良好"}, **URBAN)

    assert (request["asked"], [row["requests"] for row in waiting]) == (
        "suspension.requested",
        [["extension.requested"]],
    )
    assert granted["task"]["extensions"] == 1
    assert (aside["state"], aside["suspension"]["review_on"]) == ("suspended", day)
    assert (listed["department"], listed["joined"], listed["suspended_until"]) == ("urban", "co_handler", day)
    assert back["suspension"] is None
    assert done["state"] == "checking"
    assert all(task["answer"] for task in done["tasks"])


def test_up_a_loop_out_of_the_district_and_every_refusal_is_a_problem_with_its_rule(bench: Bench) -> None:
    case_id = ready(bench).accept("E-09-01")
    bench.move_on()
    bench.wait_for_state(case_id, "filed")
    why = {"reason": "街道无力解决"}
    lower = {"to": "community", "reason": "社区可办", "admission_id": str(new_id())}
    street = refused(bench, case_id, "raise", why, role="dispatcher", area="530103.004.012")
    unknown = refused(bench, case_id, "lower", lower, **CHIEF)
    raised = bench.step(case_id, "raise", why, **DISPATCHER)
    top = refused(bench, case_id, "raise", why, **DISPATCHER)
    out = bench.step(case_id, "transfer-out", {"to": "kunming-12345", "reason": "市管"}, **CHIEF)
    noted = bench.step(case_id, "receipt", {"receipt": "KM-17"}, **DISPATCHER)
    again = refused(bench, case_id, "receipt", {"receipt": "KM-18"}, **DISPATCHER)
    answered = bench.step(case_id, "respond", {"answer": "市里已修"}, **DISPATCHER)

    assert street == (403, None)
    assert unknown == (404, None)
    assert (raised["loop"], raised["loop_at_first"], raised["decided_by"]) == ("district", "street", "district")
    assert top == (409, "case.at_the_top")
    assert (out["state"], noted["transfer"]["receipt"]) == ("transferred_out", "KM-17")
    assert again == (409, "transfer.receipted_already")
    assert answered["state"] == "checking"


def test_a_duplicate_is_merged_taken_apart_and_rejected(bench: Bench) -> None:
    first = ready(bench).accept("E-09-01")
    second = bench.accept("E-09-01")
    bench.move_on()
    for case_id in (first, second):
        bench.wait_for_state(case_id, "filed")
    # The two were reported at the same instant: the lower id is the earlier one.
    earlier, later = sorted((first, second), key=str)
    wrong = refused(bench, earlier, "merge", {"into": str(later)}, **DISPATCHER)
    merged = bench.step(later, "merge", {"into": str(earlier)}, **DISPATCHER)
    listed = work(bench, "?state=merged", **CHIEF)
    apart = bench.step(later, "unmerge", **DISPATCHER)
    over = bench.step(later, "reject", {"reason_code": "nothing_there", "reason": "现场没有问题"}, **CHIEF)

    assert wrong == (409, "merge.into_later")
    assert (merged["state"], merged["merged_into"]) == ("merged", str(earlier))
    assert [row["merged_into"] for row in listed] == [str(earlier)]
    assert (apart["state"], over["state"]) == ("filed", "rejected")


def test_a_refused_request_is_gone_and_a_part_is_taken_off_again(bench: Bench) -> None:
    case_id = ready(bench).accept()
    bench.move_on()
    bench.wait_for_state(case_id, "dispatched")
    bench.step(case_id, "sign", **SANITATION)
    wish = {"kind": "nothing_to_do", "reason": "已经干净"}
    (request,) = bench.step(case_id, "return", wish, **SANITATION)["requests"]
    no = refused(bench, case_id, f"requests/{request['request_id']}/approve", **DISPATCHER)
    bench.step(case_id, f"requests/{request['request_id']}/refuse", {"reason": "照片为证"}, **CHIEF)
    gone = refused(bench, case_id, f"requests/{request['request_id']}/approve", **CHIEF)
    split = {"reason": "两段", "parts": [{"department": "urban", "what": "一段", "mandatory": False}]}
    divided = bench.step(case_id, "split", split, **DISPATCHER)
    part = divided["tasks"][1]
    taken_off = bench.step(case_id, f"tasks/{part['task_id']}/withdraw", {"reason": "不必了"}, **DISPATCHER)

    assert no[0] == 403
    assert gone[0] == 404
    assert (part["joined"], part["mandatory"]) == ("split", False)
    assert len(taken_off["tasks"]) == 1
