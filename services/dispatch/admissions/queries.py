"""What is asked of the registers: one admission or demand as it stands, and lists of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.admissions import force
from services.dispatch.admissions.demand import MISSING, Demand
from services.dispatch.admissions.demands import load as load_demand
from services.dispatch.admissions.domain import State
from shared.contracts.codec import encode
from shared.contracts.demand import DemandBlocked, DemandMade
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]
MOST_ASKED = 500
"""Communities in one demand."""


# --- admissions ---------------------------------------------------------------------------------------------------


def one_admission(log: EventLog, admission_id: UUID, asker: Asker, at: datetime) -> Json:
    """As it stands this moment, read from the log; an expiry that nobody noticed yet is said on the way.

    Raises NotFound; also for a draft that is not the asker's own: nobody has asked for anything yet.
    """
    found = force.load(log, admission_id)
    state = found.state(at)
    if state is State.DRAFT and asker.role == "department" and asker.department != found.department:
        raise NotFound(str(Wording(f"没有准入事项 {admission_id}", f"there is no admission {admission_id}")))
    permission.serves_somewhere(asker, [Area(path) for path in found.scope])
    force.say_expired(log, found, at)
    return {
        **encode(found.draft),
        "already_known": found.draft.already_known,
        "scope": list(found.scope),
        "valid_from": found.valid_from,
        "valid_until": found.valid_until,
        "state": state.value,
        "state_zh": state.zh,
        "decide_by": found.decide_by,
        "is_short_notice": found.is_short_notice,
        "reason": found.reason,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the asker of a list wants to see."""

    department: str | None = None
    states: tuple[State, ...] = ()
    area: Area | None = None
    blocked: bool | None = None
    after: str | None = None
    limit: int = 50


_STATE = """CASE WHEN state IN ('approved', 'suspended') AND valid_until <= %(at)s THEN 'expired'
                 WHEN state = 'approved' AND valid_from <= %(at)s THEN 'in_force' ELSE state END"""
_ADMISSIONS = f"""
SELECT * FROM (
    SELECT admission_id, department, matter, scope, kinds, valid_from, valid_until, {_STATE} AS state, decide_by,
           is_short_notice, reason, drafted_at, changed_at
    FROM admissions) AS found
WHERE {{conditions}}
ORDER BY drafted_at DESC, admission_id DESC
LIMIT %(limit)s
"""
_TOUCHES = """EXISTS (SELECT 1 FROM unnest(scope) AS path
                      WHERE path = %(area)s OR path LIKE %(below)s OR %(area)s LIKE path || '.%%')"""


def admissions(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """The register, the newest first. Drafts are seen by their own department alone."""
    conditions, values = ["true"], _values(asker, wanted, at)
    if asker.role == "department":
        conditions.append("(state <> 'draft' OR department = %(own)s)")
        values["own"] = asker.department
    if wanted.department is not None:
        conditions.append("department = %(department)s")
    if wanted.states:
        conditions.append("state = ANY(%(states)s)")
        values["states"] = [state.value for state in wanted.states]
    if values["area"] is not None:
        conditions.append(_TOUCHES)
    if wanted.after is not None:
        conditions.append("(drafted_at, admission_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)")
    found = rows.query(_ADMISSIONS.format(conditions=" AND ".join(conditions)), values)
    page = found[: wanted.limit]
    rows_of = [{**row, "state_zh": State(row["state"]).zh} for row in page]
    more = place(page[-1]["drafted_at"], page[-1]["admission_id"]) if len(found) > wanted.limit else None
    return {"admissions": rows_of, "next_after": more}


_HERE = """
SELECT admission_id, matter, department FROM admissions
WHERE state = 'approved' AND valid_from <= %(at)s AND valid_until > %(at)s
  AND EXISTS (SELECT 1 FROM unnest(scope) AS path WHERE path = ANY(%(around)s))
ORDER BY valid_until DESC LIMIT 20
"""


def in_register(rows: Rows, area: Area, at: datetime) -> list[Json]:
    """The admissions that the register has as in force there, the longest first."""
    return rows.query(_HERE, {"at": at, "around": [one.path for one in area.ancestors()]})


def some_in_force(log: EventLog, rows: Rows, area: Area, at: datetime) -> UUID:
    """An admission that is in force there, whoever has it. Raises Refused (`admission.missing`) when there is none.

    The register finds them, the log confirms: what was approved a moment ago may still be missing.
    """
    for row in in_register(rows, area, at):
        admission_id = UUID(str(row["admission_id"]))
        if force.load(log, admission_id).holds(area, at):
            return admission_id
    said = Wording(f"{area} 没有生效的准入事项", f"no admission is in force in {area}")
    raise Refused(str(said), rule=MISSING, where="admission_id")


# --- demands ------------------------------------------------------------------------------------------------------


def one_demand(log: EventLog, demand_id: UUID, asker: Asker) -> Json:
    """As it stands this moment. A community sees its own part, the department and those above see all of theirs.

    Raises NotFound, and Forbidden for another department or an area that was not asked.
    """
    found = load_demand(log, demand_id)
    permission.require(asker, department=found.made.department)
    asked = [Area(path) for path in found.parts] or [Area(path) for path in getattr(found.made, "communities", ())]
    permission.serves_somewhere(asker, asked)
    return {**_demand(found), "parts": _parts(found, asker)}


def _demand(found: Demand) -> Json:
    made = found.made
    if isinstance(made, DemandMade):
        said = {"what": made.what, "form": made.form, "fields": list(made.fields), "due_at": made.due_at, "missing": []}
    else:
        said = {"what": None, "form": None, "fields": [], "due_at": None, "missing": list(made.missing)}
    over = list(made.over) if isinstance(made, DemandBlocked) else []
    return {
        "demand_id": found.demand_id,
        "department": made.department,
        "kind": made.kind,
        "matter": made.matter,
        "outcome": found.outcome.value,
        "outcome_zh": found.outcome.zh,
        "over": over,
        "allowed_because": None if found.allowed is None else found.allowed.reason,
        **said,
    }


def _parts(found: Demand, asker: Asker) -> list[Json]:
    seen = ((path, part) for path, part in found.parts.items() if permission.meets(asker, Area(path)))
    return [
        {
            "community": path,
            "admission_id": part.admission_id,
            "outcome": part.outcome.value,
            "outcome_zh": part.outcome.zh,
            "words": part.words,
            "filled": [encode(one) for one in part.filled],
            "evidence": list(part.evidence),
            "on_time": part.on_time,
        }
        for path, part in seen
    ]


_DEMANDS = """
SELECT demand_id, department, kind, matter, is_blocked, rule, missing, over, reason, allowed_because, due_at, made_at,
       asked,
       (SELECT count(*) FROM demand_parts p WHERE p.demand_id = d.demand_id AND outcome = 'open') AS open,
       (SELECT count(*) FROM demand_parts p WHERE p.demand_id = d.demand_id AND outcome = 'answered') AS answered,
       (SELECT count(*) FROM demand_parts p WHERE p.demand_id = d.demand_id AND outcome = 'declined') AS declined
FROM demands d
WHERE {conditions}
ORDER BY made_at DESC, demand_id DESC
LIMIT %(limit)s
"""
_ASKS = """(EXISTS (SELECT 1 FROM demand_parts p WHERE p.demand_id = d.demand_id
                    AND (p.community = %(area)s OR p.community LIKE %(below)s OR %(area)s LIKE p.community || '.%%'))
            OR EXISTS (SELECT 1 FROM unnest(missing || over) AS path WHERE path = %(area)s OR path LIKE %(below)s))"""


def demands(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """The register of demands, the newest first; a department sees its own."""
    conditions, values = ["true"], _values(asker, wanted, at)
    if asker.role == "department":
        permission.require(asker, department=wanted.department or asker.department)
        values["department"] = asker.department or ""
    if values["department"] is not None:
        conditions.append("department = %(department)s")
    if wanted.blocked is not None:
        conditions.append("is_blocked" if wanted.blocked else "NOT is_blocked")
    if values["area"] is not None:
        conditions.append(_ASKS)
    if wanted.after is not None:
        conditions.append("(made_at, demand_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)")
    found = rows.query(_DEMANDS.format(conditions=" AND ".join(conditions)), values)
    page = found[: wanted.limit]
    more = place(page[-1]["made_at"], page[-1]["demand_id"]) if len(found) > wanted.limit else None
    return {"demands": page, "next_after": more}


def _values(asker: Asker, wanted: Wanted, at: datetime) -> Json:
    if wanted.area is not None:
        permission.serves_somewhere(asker, [wanted.area])
    area = wanted.area or asker.area
    after_at, after_id = read_place(wanted.after) if wanted.after is not None else (None, None)
    return {
        "at": at,
        "area": None if area is None else area.path,
        "below": None if area is None else f"{area.path}.%",
        "department": wanted.department,
        "after_at": after_at,
        "after_id": None if after_id is None else str(after_id),
        "limit": wanted.limit + 1,
    }


def communities_in(rows: Rows, areas: tuple[Area, ...]) -> tuple[Area, ...]:
    """Every community that the areas mean: themselves, or all that lie in them. Raises NotFound for one without any."""
    found: dict[str, Area] = {}
    for area in areas:
        inside = rows.query(
            "SELECT path FROM communities WHERE path = %s OR path LIKE %s ORDER BY path", [area.path, f"{area.path}.%"]
        )
        if not inside:
            said = Wording(f"{area} 没有社区", f"there is no community {area}, and none in it")
            raise NotFound(str(said), where="areas")
        found.update((row["path"], Area(row["path"])) for row in inside)
    if len(found) > MOST_ASKED:
        said = Wording(f"一次最多下派 {MOST_ASKED} 个社区", f"one demand asks at most {MOST_ASKED} communities")
        raise Invalid(str(said), where="areas")
    return tuple(found.values())
