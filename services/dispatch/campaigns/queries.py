"""What is asked of campaigns: the register, and the figures of one.

What belongs to a campaign is counted by its rule, place × kind × time, at the moment of asking. Whether it has lasted
(突击→长效) is what came back in the same place in the days after its end, beside as many days before it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.dispatch.campaigns import domain, handlers
from services.dispatch.campaigns.domain import Campaign, State
from services.dispatch.queries.work_list import CLOCK_RUNS
from services.dispatch.remedies.queries import OVERDUE as REMEDY_OVERDUE
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Refused
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]
DAYS = 30
"""How many days before and after are looked at, unless somebody wants others."""
ACTIONS = {"extend": "campaign.extended", "end": "campaign.ended"}

_BELONGS = """(area = %(area)s OR area LIKE %(below)s) AND
      EXISTS (SELECT 1 FROM unnest(%(issue_types)s::text[]) AS wanted
              WHERE issue_type = wanted OR issue_type LIKE wanted || '-%%')"""
_CASES = f"""
SELECT count(*) AS reported, count(*) FILTER (WHERE state IN ('closed', 'archived')) AS closed,
       count(*) FILTER (WHERE is_open) AS open,
       count(*) FILTER (WHERE is_open AND due_at <= %(at)s AND answered_at IS NULL AND state = ANY(%(clock_runs)s))
       AS overdue
FROM cases
WHERE {_BELONGS} AND reported_at >= %(since)s AND reported_at < %(until)s AND state NOT IN ('merged', 'rejected')
"""
_REMEDIES = f"""
SELECT kind, count(*) AS opened, count(*) FILTER (WHERE state = 'cleared') AS cleared,
       count(*) FILTER (WHERE {REMEDY_OVERDUE}) AS overdue
FROM remedies
WHERE {_BELONGS} AND opened_at >= %(since)s AND opened_at < %(until)s AND state <> 'withdrawn'
GROUP BY kind
"""
_RECURRED = f"""
SELECT (SELECT count(*) FROM recurrences
        WHERE {_BELONGS} AND reported_at >= %(since)s AND reported_at < %(until)s) AS recurred,
       (SELECT count(*) FROM cases
        WHERE {_BELONGS} AND reported_at >= %(since)s AND reported_at < %(until)s
          AND state NOT IN ('merged', 'rejected')) AS reported
"""


def one_campaign(log: EventLog, rows: Rows, campaign_id: UUID, asker: Asker, days: int, at: datetime) -> Json:
    """As it stands this moment, with its figures and what the asker may do. Raises NotFound, Forbidden."""
    campaign, history = handlers.load(log, campaign_id)
    opened, area = campaign.opened, Area(campaign.opened.area)
    permission.serves_somewhere(asker, [area])
    state = campaign.state(at)
    return {
        "campaign_id": campaign.campaign_id,
        "title": opened.title,
        "purpose": opened.purpose,
        "area": opened.area,
        "issue_types": list(opened.issue_types),
        "since": opened.since,
        "until": campaign.until,
        "lead": opened.lead,
        "target": opened.target,
        "state": state.value,
        "state_zh": state.zh,
        "summary": campaign.summary,
        "opened_by": history[0].actor.id,
        "extensions": [{"until": one.until, "reason": one.reason} for one in campaign.extensions],
        "figures": figures(rows, campaign, days, at),
        "actions": [_action(name, campaign, area, asker, at) for name in ACTIONS],
    }


def _action(name: str, campaign: Campaign, area: Area, asker: Asker, at: datetime) -> Json:
    why_not = None
    try:
        handlers.may(area, ACTIONS[name], asker)
        domain.need(campaign, ACTIONS[name], at)
    except (Forbidden, Refused) as error:
        why_not = str(error)
    return {"action": name, "allowed": why_not is None, "why_not": why_not}


def figures(rows: Rows, campaign: Campaign, days: int, at: datetime) -> Json:
    """What was done in it; and what came back before, during and after."""
    opened, span = campaign.opened, timedelta(days=days)
    belongs = {
        "area": opened.area,
        "below": f"{opened.area}.%",
        "issue_types": list(opened.issue_types),
        "clock_runs": list(CLOCK_RUNS),
        "at": at,
    }
    during = {**belongs, "since": opened.since, "until": campaign.until}
    (cases,) = rows.query(_CASES, during)
    remedies = {row.pop("kind"): row for row in rows.query(_REMEDIES, during)}
    nothing = {"opened": 0, "cleared": 0, "overdue": 0}
    windows = {
        "before": (opened.since - span, opened.since),
        "during": (opened.since, campaign.until),
        "after": (campaign.until, campaign.until + span),
    }
    return {
        "cases": cases,
        "remedies": {kind: remedies.get(kind, nothing) for kind in ("hidden_danger", "root_cause")},
        "days": days,
        "recurrence": {name: _recurred(rows, belongs, *window, at) for name, window in windows.items()},
    }


def _recurred(rows: Rows, belongs: Json, since: datetime, until: datetime, at: datetime) -> Json:
    """What came back in those days, of how much that was told; and how many of the days have passed."""
    (found,) = rows.query(_RECURRED, {**belongs, "since": since, "until": until})
    rate = round(found["recurred"] / found["reported"], 4) if found["reported"] else None
    passed = max(timedelta(), min(at, until) - since)
    return {**found, "rate": rate, "since": since, "until": until, "days_passed": passed.days}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the asker of the list wants to see."""

    area: Area | None = None
    state: State | None = None
    after: str | None = None
    limit: int = 50


_STATE = """CASE WHEN is_ended THEN 'ended' WHEN until <= %(at)s THEN 'over'
                 WHEN since <= %(at)s THEN 'running' ELSE 'planned' END"""
_LIST = f"""
SELECT * FROM (
    SELECT campaign_id, title, area, issue_types, since, until, lead, extensions, {_STATE} AS state FROM campaigns
) AS found
WHERE (%(area)s::text IS NULL OR area = %(area)s OR area LIKE %(below)s OR %(area)s LIKE area || '.%%')
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(after_at)s::timestamptz IS NULL OR (since, campaign_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY since DESC, campaign_id DESC
LIMIT %(limit)s
"""


def campaigns(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """The register, the newest first: what lies in the area, and what the area lies in. Raises Forbidden."""
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    area = wanted.area or asker.area
    after_at, after_id = (None, None) if wanted.after is None else read_place(wanted.after)
    values = {
        "at": at,
        "area": None if area is None else area.path,
        "below": None if area is None else f"{area.path}.%",
        "state": None if wanted.state is None else wanted.state.value,
        "after_at": after_at,
        "after_id": None if after_id is None else str(after_id),
        "limit": wanted.limit + 1,
    }
    found = rows.query(_LIST, values)
    page = [{**row, "state_zh": State(row["state"]).zh} for row in found[: wanted.limit]]
    more = place(page[-1]["since"], page[-1]["campaign_id"]) if len(found) > wanted.limit else None
    return {"campaigns": page, "next_after": more}
