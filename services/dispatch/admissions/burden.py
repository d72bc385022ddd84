"""The burden meter 减负: what each community was asked for, on the platform and outside of it, against its cap.

And what would become of a demand, before it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.admissions.demands import Wish, form_fields
from services.dispatch.admissions.force import in_force
from services.dispatch.admissions.ledger import Book, month_of
from services.dispatch.domain.caps import Load
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.admission import DemandKind
from shared.contracts.rulebook import BurdenCapDefined
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Forbidden
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]
KNOWN_FOR = timedelta(days=365)
"""For so long what a community has answered is held against whoever asks it again."""

_BURDEN = """
WITH asked AS (
    SELECT community, to_char(made_at AT TIME ZONE %(zone)s, 'YYYY-MM') AS month, fields, kind, outcome, department,
           false AS is_outside
    FROM demand_parts
    WHERE made_at >= (%(first)s::timestamp AT TIME ZONE %(zone)s)
      AND made_at < ((%(last)s::timestamp + interval '1 month') AT TIME ZONE %(zone)s)
    UNION ALL
    SELECT community, to_char(asked_on, 'YYYY-MM'), fields, kind, 'outside', coalesce(department, asked_by), true
    FROM outside_demands
    WHERE asked_on >= %(first)s::date AND asked_on < (%(last)s::date + interval '1 month')
      AND outcome IS DISTINCT FROM 'no_burden'
)
SELECT a.community, max(c.name) AS name, a.month, count(*) AS requests, coalesce(sum(a.fields), 0) AS fields,
       count(*) FILTER (WHERE a.kind = 'meeting') AS meetings,
       count(*) FILTER (WHERE a.outcome = 'answered') AS answered,
       count(*) FILTER (WHERE a.outcome = 'declined') AS declined,
       count(*) FILTER (WHERE a.is_outside) AS outside, count(DISTINCT a.department) AS departments
FROM asked a LEFT JOIN communities c ON c.path = a.community
WHERE %(area)s IS NULL OR a.community = %(area)s OR a.community LIKE %(below)s
GROUP BY a.community, a.month
ORDER BY a.month, requests DESC, a.community
"""


def burden(rows: Rows, rulebook: Rulebook, asker: Asker, area: Area | None, months: tuple[str, str]) -> Json:
    """What each community there was asked for in each month (`2026-05`, on the clocks of the city), the most first,
    with the caps that hold today."""
    place_of = area or asker.area
    if place_of is not None:
        permission.serves_somewhere(asker, [place_of])
        place_of = place_of.at(Tier.COMMUNITY) or place_of
    first, last = months
    values = {
        "zone": rulebook.calendar.zone.key,
        "first": f"{first}-01",
        "last": f"{last}-01",
        **_inside(place_of),
    }
    found = [{**row, **_caps(rulebook, Area(row["community"]))} for row in rows.query(_BURDEN, values)]
    return {"area": values["area"], "from_month": first, "to_month": last, "burdens": found}


def _caps(rulebook: Rulebook, community: Area) -> Json:
    return {"cap": _cap(rulebook.caps.cap(community))}


def _cap(cap: BurdenCapDefined | None) -> Json | None:
    if cap is None:
        return None
    return {"area": cap.area, "requests": cap.requests, "fields": cap.fields, "meetings": cap.meetings}


def _inside(area: Area | None) -> Json:
    return {"area": None if area is None else area.path, "below": None if area is None else f"{area.path}.%"}


# --- outside ------------------------------------------------------------------------------------------------------

_OUTSIDE = """
SELECT o.*, c.name FROM outside_demands o LEFT JOIN communities c ON c.path = o.community
WHERE (%(area)s IS NULL OR o.community = %(area)s OR o.community LIKE %(below)s OR %(area)s LIKE o.community || '.%%')
  AND (%(department)s IS NULL OR o.department = %(department)s)
  AND (%(open)s IS NULL OR (o.outcome IS NULL) = %(open)s)
  AND (%(after_at)s IS NULL OR (o.reported_at, o.demand_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY o.reported_at DESC, o.demand_id DESC
LIMIT %(limit)s
"""


def outside_demands(
    rows: Rows, asker: Asker, area: Area | None, *, is_open: bool | None, after: str | None, limit: int
) -> Json:
    """What was told of, the newest first; a department sees what is told of itself."""
    if area is not None:
        permission.serves_somewhere(asker, [area])
    after_at, after_id = read_place(after) if after is not None else (None, None)
    values = {
        **_inside(area or asker.area),
        "department": (asker.department or "") if asker.role == "department" else None,
        "open": is_open,
        "after_at": after_at,
        "after_id": None if after_id is None else str(after_id),
        "limit": limit + 1,
    }
    found = rows.query(_OUTSIDE, values)
    page = found[:limit]
    more = place(page[-1]["reported_at"], page[-1]["demand_id"]) if len(found) > limit else None
    return {"outside": page, "next_after": more}


# --- before it is made --------------------------------------------------------------------------------------------

_KNOWN = """
SELECT community, field, department, demand_id, answered_at FROM known_fields
WHERE community = ANY(%(places)s) AND field = ANY(%(fields)s) AND answered_at > %(since)s
ORDER BY community, answered_at DESC
"""


def preview(log: EventLog, rows: Rows, rulebook: Rulebook, wish: Wish, asker: Asker, at: datetime) -> Json:
    """What would become of the demand, community by community, and what these have told somebody already.

    Nothing is asked and nothing kept. Raises Forbidden, or Invalid as making it would.
    """
    if asker.department is None:
        raise Forbidden(str(Wording("您的账号没有所属部门", "your account names no department")))
    for community in wish.communities:
        permission.require(asker, action_area=community)
    admitted = in_force(log, asker.department, wish.communities, at, wish.kind, wish.form)
    fields = form_fields(wish, list(admitted.values())) if admitted else ()
    more = Load(1, len(fields), int(wish.kind is DemandKind.MEETING))
    month = month_of(rulebook.calendar, at)
    ledgers = {area: Book(log, area, month).read()[0] for area in {one.district for one in wish.communities}}
    told = []
    for community in wish.communities:
        used = ledgers[community.district].used(community)
        told.append(
            {
                "community": community.path,
                "admission_id": admitted[community].admission_id if community in admitted else None,
                "used": {"requests": used.requests, "fields": used.fields, "meetings": used.meetings},
                "over": list(rulebook.caps.passed(community, used, more)),
                **_caps(rulebook, community),
            }
        )
    is_free = all(one["admission_id"] is not None and not one["over"] for one in told)
    return {"month": month, "allowed": is_free, "communities": told, "known": _known(rows, wish, fields, at)}


def _known(rows: Rows, wish: Wish, fields: Sequence[str], at: datetime) -> list[Json]:
    if not fields:
        return []
    places = [community.path for community in wish.communities]
    return rows.query(_KNOWN, {"places": places, "fields": list(fields), "since": at - KNOWN_FOR})
