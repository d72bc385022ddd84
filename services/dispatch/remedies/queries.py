"""What is asked of the register: one remedy with its life, lists, and which belong to a case or a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.remedies import decisions, handlers
from services.dispatch.remedies.domain import Remedy, State
from services.dispatch.remedies.whereabouts import load
from shared.contracts.codec import encode
from shared.contracts.envelope import Recorded
from shared.contracts.remedy import RemedyKind, Severity
from shared.contracts.shapes import Point
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Forbidden, Refused
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]
SAME_PLACE = 50.0
"""Metres: what intake calls the same place when it says that something came back."""
_DEGREES = SAME_PLACE / 111_320.0

ACTIONS = {
    "plan": "remedy.planned",
    "rectified": "remedy.rectified",
    "passed": "remedy.reinspection_passed",
    "failed": "remedy.reinspection_failed",
    "clear": "remedy.cleared",
    "withdraw": "remedy.withdrawn",
    "cases": "remedy.case_linked",
}
"""What somebody may do about a remedy, and the event that it makes."""


def one_remedy(log: EventLog, remedy_id: UUID, asker: Asker, at: datetime) -> Json:
    """As it stands this moment, with its whole life and what the asker may do. Raises NotFound, Forbidden."""
    remedy, history = load(log, remedy_id)
    area = history[-1].area
    permission.serves_somewhere(asker, [area])
    opened = remedy.opened
    return {
        "remedy_id": remedy.remedy_id,
        "kind": opened.kind,
        "severity": opened.severity,
        "state": remedy.state.value,
        "state_zh": remedy.state.zh,
        "area": area.path,
        "issue_type": opened.issue_type,
        "title": opened.title,
        "words": opened.words,
        "place": opened.place,
        "point": opened.point,
        "photos": list(opened.photos),
        "case_ids": list(remedy.case_ids),
        "times": opened.times,
        "department": remedy.department,
        "plan": _plan(remedy),
        "is_overdue": remedy.is_overdue(at),
        "failures": remedy.failures,
        "relapses": remedy.relapses,
        "opened_at": history[0].occurred_at,
        "life": [_step(one) for one in history],
        "actions": [_action(name, remedy, area, history, asker) for name in ACTIONS],
    }


def _plan(remedy: Remedy) -> Json | None:
    plan = remedy.plan
    if plan is None:
        return None
    said = {"department": plan.department, "measures": plan.measures, "funding": plan.funding}
    return {"plan": plan.plan, **said, "due_at": plan.due_at, "interim": plan.interim}


def _step(recorded: Recorded[Any]) -> Json:
    said = {name: value for name, value in encode(recorded.event).items() if name not in ("remedy_id", "point")}
    return {
        "event": recorded.type,
        "at": recorded.occurred_at,
        "by": recorded.actor.id,
        "role": recorded.actor.role,
        "department": recorded.actor.department,
        "said": said,
    }


def _action(name: str, remedy: Remedy, area: Area, history: list[Recorded[Any]], asker: Asker) -> Json:
    event, why_not = ACTIONS[name], None
    try:
        handlers.may(remedy, area, handlers.done_by(history), event, asker)
        decisions.need(remedy, event)
    except (Forbidden, Refused) as error:
        why_not = str(error)
    return {"action": name, "allowed": why_not is None, "why_not": why_not}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the asker of the list wants to see."""

    kind: RemedyKind | None = None
    severity: Severity | None = None
    states: tuple[State, ...] = ()
    is_open: bool | None = None
    overdue: bool | None = None
    department: str | None = None
    area: Area | None = None
    issue_type: str | None = None
    case_id: UUID | None = None
    after: str | None = None
    limit: int = 50


OVERDUE = "coalesce(state = 'rectifying' AND due_at <= %(at)s, false)"
_LIST = f"""
SELECT remedy_id, kind, severity, state, area, place, issue_type, title, department, due_at, {OVERDUE} AS is_overdue,
       plans, failures, relapses, opened_at, cleared_at, changed_at,
       (SELECT count(*) FROM remedy_cases c WHERE c.remedy_id = r.remedy_id) AS cases
FROM remedies r
WHERE {{conditions}}
ORDER BY opened_at DESC, remedy_id DESC
LIMIT %(limit)s
"""
_CONDITIONS: Mapping[str, str] = {
    "kind": "kind = %(kind)s",
    "severity": "severity = %(severity)s",
    "states": "state = ANY(%(states)s)",
    "is_open": "is_open = %(is_open)s",
    "overdue": f"{OVERDUE} = %(overdue)s",
    "department": "department = %(department)s",
    "issue_type": "(issue_type = %(issue_type)s OR issue_type LIKE %(issue_type)s || '-%%')",
    "case_id": "EXISTS (SELECT 1 FROM remedy_cases c WHERE c.remedy_id = r.remedy_id AND c.case_id = %(case_id)s)",
    "area": "(area = %(area)s OR area LIKE %(below)s)",
    "after_at": "(opened_at, remedy_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)",
}


def remedies(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """The register, the newest first; everywhere that the asker serves, unless an area is named. Raises Forbidden."""
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    values = _values(wanted, wanted.area or asker.area)
    conditions = [said for name, said in _CONDITIONS.items() if name in values] or ["true"]
    asked = _LIST.format(conditions=" AND ".join(conditions))
    found = rows.query(asked, {**values, "at": at, "limit": wanted.limit + 1})
    page = [{**row, "state_zh": State(row["state"]).zh} for row in found[: wanted.limit]]
    more = place(page[-1]["opened_at"], page[-1]["remedy_id"]) if len(found) > wanted.limit else None
    return {"remedies": page, "next_after": more}


def _values(wanted: Wanted, area: Area | None) -> Json:
    given: Json = {
        "kind": wanted.kind and wanted.kind.value,
        "severity": wanted.severity and wanted.severity.value,
        "states": [state.value for state in wanted.states] or None,
        "is_open": wanted.is_open,
        "overdue": wanted.overdue,
        "department": wanted.department,
        "issue_type": wanted.issue_type,
        "case_id": wanted.case_id and str(wanted.case_id),
        "area": area and area.path,
        "below": area and f"{area.path}.%",
    }
    if wanted.after is not None:
        after_at, after_id = read_place(wanted.after)
        given |= {"after_at": after_at, "after_id": str(after_id)}
    return {name: value for name, value in given.items() if value is not None}


_OF_CASE = """
SELECT r.remedy_id, r.kind, r.severity, r.state, r.title, r.due_at, r.relapses
FROM remedy_cases c JOIN remedies r USING (remedy_id)
WHERE c.case_id = %(case_id)s ORDER BY r.opened_at DESC
"""
_NEAR = """
SELECT remedy_id, area, lat, lon FROM remedies
WHERE kind = 'root_cause' AND issue_type = %(issue_type)s AND state <> 'withdrawn'
  AND (area = %(building)s
       OR (lat BETWEEN %(lat)s - %(degrees)s AND %(lat)s + %(degrees)s
           AND lon BETWEEN %(lon)s - 3 * %(degrees)s AND %(lon)s + 3 * %(degrees)s))
ORDER BY is_open DESC, opened_at DESC LIMIT 50
"""


def of_case(rows: Rows, case_id: UUID) -> list[Json]:
    """Every remedy that the case has to do with."""
    return [{**row, "state_zh": State(row["state"]).zh} for row in rows.query(_OF_CASE, {"case_id": str(case_id)})]


def near(rows: Rows, issue_type: str, area: Area, point: Point | None) -> UUID | None:
    """The root cause that the register has for that kind in that place: the same building, or a few steps away."""
    values = {
        "issue_type": issue_type,
        "building": area.path if area.tier is Tier.BUILDING else None,
        "lat": None if point is None else point.lat,
        "lon": None if point is None else point.lon,
        "degrees": _DEGREES,
    }
    for row in rows.query(_NEAR, values):
        if row["area"] == values["building"] or _is_near(row, point):
            return UUID(str(row["remedy_id"]))
    return None


def _is_near(row: Json, point: Point | None) -> bool:
    if point is None or row["lat"] is None:
        return False
    return point.metres_to(Point(lat=row["lat"], lon=row["lon"])) <= SAME_PLACE


def titles(rows: Rows, case_ids: Iterable[UUID]) -> list[Json]:
    """What the cases of a remedy are called, in the order in which they were told."""
    wanted = [str(case_id) for case_id in case_ids]
    return rows.query(
        "SELECT case_id, number, title, state, reported_at FROM cases WHERE case_id = ANY(%s::uuid[])"
        " ORDER BY reported_at, case_id",
        [wanted],
    )


def counted(rows: Rows, at: datetime) -> dict[tuple[str, bool], int]:
    """(kind, whether overdue) → open remedies, for the gauges."""
    found = rows.query(
        f"SELECT kind, {OVERDUE} AS late, count(*) AS n FROM remedies WHERE is_open GROUP BY 1, 2", {"at": at}
    )
    told = {(kind.value, late): 0 for kind in RemedyKind for late in (False, True)}
    return told | {(row["kind"], row["late"]): int(row["n"]) for row in found}
