"""What the case page says beside the case itself: names, clocks, photos, the proposal, and the forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.case_forms import WAYS
from services.dispatch.clocks.queries import clocks_of
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.road import conditions_on_the_way
from services.dispatch.queries.places import lineage
from services.dispatch.room import called
from shared.contracts.case import Loop
from shared.contracts.report import Urgency
from shared.kernel.area import Area
from shared.kernel.case_states import Step
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


def about(log: EventLog, rows: Rows, book: Rulebook, case: Json, asker: Asker, at: datetime, language: str) -> Json:
    """Everything that the page's template asks for."""
    area = Area(str(case["area"]))
    clocks = _clocks(log, case["case_id"], asker, book, at)
    own = [task for task in case["tasks"] if task["department"] == asker.department and task["answer"] is None]
    urgency, loop = Urgency(case["urgency"]), Loop(case["loop"])
    keeps = book.under(case["edition"], case["issue_type"])
    return {
        "case": case,
        "names": called(book, language),
        "place": lineage(rows, area),
        "clocks": clocks,
        "pressing": _pressing(clocks),
        "photos": _photos(log, case["case_id"]),
        "steps": [{"step": step, "is_done": _STEPS.index(step) < _STEPS.index(case["step"])} for step in _STEPS],
        "proposal": keeps.propose(case["issue_type"], area, at, urgency, loop),
        "stages": conditions_on_the_way(keeps, case["issue_type"], area, urgency, loop),
        "own_tasks": own,
        "can": [{**one, "way": WAYS[one["action"]]} for one in case["actions"] if one["allowed"]],
        "cannot": [one for one in case["actions"] if not one["allowed"] and "{" not in one["path"]],
        "key": str(new_id()),
    }


def _clocks(log: EventLog, case_id: UUID, asker: Asker, book: Rulebook, at: datetime) -> list[Json]:
    """None for a case of imported history, nor for a department that was only summoned."""
    try:
        found: list[Json] = clocks_of(log, case_id, asker, book.calendar, at)["clocks"]
    except (NotFound, Forbidden):
        return []
    return found


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
