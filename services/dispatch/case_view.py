"""What the case page says beside the case itself: names, clocks, photos, the proposal, and the forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.admissions.queries import in_register
from services.dispatch.case_forms import WAYS
from services.dispatch.clocks.doors import IN_CHARGE
from services.dispatch.clocks.queries import clocks_of
from services.dispatch.domain.recall import WITHIN
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers import case_stream, dispatched_at
from services.dispatch.handlers.road import conditions_on_the_way
from services.dispatch.queries import duplicates
from services.dispatch.queries.places import lineage, names
from services.dispatch.remedies.domain import FINDERS
from services.dispatch.remedies.queries import of_case
from services.dispatch.room import called
from shared.contracts.case import Loop
from shared.contracts.report import Urgency
from shared.kernel.area import Area
from shared.kernel.case_states import State, Step
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.ids import new_id
from shared.ports import EventLog, Rows
from shared.security.permission import Asker

Json = dict[str, Any]
_STEPS = tuple(step.value for step in Step)
_BEFORE = {"report.submitted": ("photos",), "report.verified": ("photos",), "report.self_handled": ("before",)}
_AFTER = {
    "report.self_handled": ("after",),
    "task.responded": ("evidence",),
    "task.part_responded": ("evidence",),
    "task.stage_completed": ("evidence",),
}
_PHOTO = "photo:"
AWAITED = ("approve", "refuse", "adjudicate", "answer")
"""What somebody else waits for stands first."""
NEXT = ("dispatch", "sign", "start", "stages", "respond", "close", "archive", "resume", "receipt", "claim")
"""The next step on the road is open at once; what leads beside it is there to be chosen."""
DESKS = ("dispatcher", "duty_chief", "leader", "supervisor")
"""Who sees the cases beside a case."""


def about(log: EventLog, rows: Rows, book: Rulebook, case: Json, asker: Asker, at: datetime, language: str) -> Json:
    """Everything that the page's template asks for."""
    area = Area(str(case["area"]))
    clocks = _clocks(log, case["case_id"], asker, book, at)
    own = [task for task in case["tasks"] if task["department"] == asker.department and task["answer"] is None]
    urgency, loop = Urgency(case["urgency"]), Loop(case["loop"])
    # Taking a dispatch back stands above all others, as long as it may be done.
    allowed = sorted(
        (one for one in case["actions"] if one["allowed"] and one["action"] != "recall"),
        key=lambda one: one["action"] not in AWAITED,
    )
    keeps = book.under(case["edition"], case["issue_type"])
    spoken = called(book, language)
    return {
        "case": case,
        "names": spoken,
        "place": lineage(rows, area),
        "remedies": of_case(rows, case["case_id"]),
        "may_open_remedy": asker.role in FINDERS and asker.covers(area),
        "sponsor": case["sponsor"] and names(rows, [case["sponsor"]])[case["sponsor"]],
        "clocks": clocks,
        "pressing": _pressing(clocks),
        "photos": _photos(log, case["case_id"]),
        "steps": [{"step": step, "is_done": _STEPS.index(step) < _STEPS.index(case["step"])} for step in _STEPS],
        "proposal": keeps.propose(case["issue_type"], area, at, urgency, loop),
        "stages": conditions_on_the_way(keeps, case["issue_type"], area, urgency, loop),
        "own_tasks": own,
        "can": [{**one, "way": WAYS[one["action"]], "about": _what_about(one["path"], case)} for one in allowed],
        "is_awaited": bool(allowed) and allowed[0]["action"] in (*AWAITED, *NEXT),
        "admissions": _admissions(rows, area, allowed, spoken["handlers"], at),
        "undo_until": _undo_until(log, case),
        "cannot": [one for one in case["actions"] if not one["allowed"] and "{" not in one["path"]],
        "may_acknowledge": _may_acknowledge(clocks, asker),
        "key": str(new_id()),
    }


def beside(log: EventLog, rows: Rows, case: Json, asker: Asker, just_merged: UUID | None) -> Json:
    """Other cases that this one may be the same as, and those that it took in; not for departments."""
    if asker.role not in DESKS:
        return {"alike": [], "merged_cases": [], "may": frozenset()}
    may = {one["action"] for one in case["actions"] if one["allowed"]}
    is_open = State(case["state"]).is_open and asker.role == "dispatcher"
    return {
        "alike": duplicates.candidates(rows, case) if is_open else [],
        "merged_cases": duplicates.merged(log, rows, case["case_id"], just_merged),
        "may": may,
    }


def _what_about(path: str, case: Json) -> Json | None:
    """Which of several requests or tasks the action is about: two that are called the same would be told apart by
    nothing."""
    for request in case["requests"]:
        if f"/requests/{request['request_id']}/" in path:
            return {"kind": request["asked"], "department": request["department"]}
    for task in case["tasks"]:
        if f"/tasks/{task['task_id']}/" in path:
            return {"kind": "", "department": task["department"]}
    return None


def _undo_until(log: EventLog, case: Json) -> datetime | None:
    """Until when the asker may take the dispatch back; None when they may not, or not any more."""
    if not any(one["action"] == "recall" and one["allowed"] for one in case["actions"]):
        return None
    given_at = dispatched_at(log.stream(case_stream(case["case_id"])))
    return None if given_at is None else given_at + WITHIN


def _clocks(log: EventLog, case_id: UUID, asker: Asker, book: Rulebook, at: datetime) -> list[Json]:
    """None for a case of imported history, nor for a department that was only summoned."""
    try:
        found: list[Json] = clocks_of(log, case_id, asker, book.calendar, at)["clocks"]
    except (NotFound, Forbidden):
        return []
    return found


def _admissions(rows: Rows, area: Area, allowed: list[Json], handlers: Json, at: datetime) -> dict[str, str]:
    """Under which admissions the case may go down: id → matter and department; asked for only where it may."""
    if not any(one["action"] == "lower" for one in allowed):
        return {}
    found = in_register(rows, area, at)
    return {
        str(row["admission_id"]): f"{row['matter']} · {handlers.get(row['department'], row['department'])}"
        for row in found
    }


def _may_acknowledge(clocks: list[Json], asker: Asker) -> set[UUID]:
    """The escalations that are addressed to where the asker serves."""
    raised = [called for clock in clocks for called in clock["escalations"]]
    here = (one for one in raised if asker.role in IN_CHARGE and asker.covers(Area(one["target_area"])))
    return {one["escalation_id"] for one in here}


def _pressing(clocks: list[Json]) -> Json | None:
    """The clock that presses most."""
    running = [clock for clock in clocks if clock["state"] != "stopped" and clock["condition"] is None]
    return min(running, key=lambda clock: (clock["state"] == "paused", clock["due_at"]), default=None)


def _photos(log: EventLog, case_id: UUID) -> dict[str, list[str]]:
    """How it was and how it is: the hashes of what was said in photos, in order."""
    found: dict[str, dict[str, None]] = {"before": {}, "after": {}}
    for recorded in log.about(case_id):
        for side, fields in (("before", _BEFORE), ("after", _AFTER)):
            for name in fields.get(recorded.type, ()):
                named = (one for one in getattr(recorded.event, name, None) or () if one.startswith(_PHOTO))
                found[side].update((one.removeprefix(_PHOTO), None) for one in named)
    return {side: list(hashes) for side, hashes in found.items()}
