"""The five-level views as of a moment that is past: what the system knew then.

A moment is an instant, and a place in the log: everything recorded up to the instant lies at or before it. The sums
were noted every so many positions (`services.grid.projections.past`); from the note that is nearest to the moment,
before it or after it, the cases that changed in between are counted once as they stood at the one and once at the
other. The cost depends on how many that can be at most, not on how many cases there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.grid.domain.quantiles import ranked
from services.grid.domain.time import day_of, start_of
from services.grid.projections.case_rows import COLUMNS, CaseRow
from services.grid.projections.counting import Contribution, Counts, Difference, contributions
from services.grid.projections.past import STANDING, WIDTHS, noted_with
from services.grid.queries.figures import DEFINITIONS, Found, figures
from services.grid.queries.views import DAYS
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows

Counters = dict[str, dict[str, int]]

_MOMENT = """
WITH mark AS (SELECT coalesce(max(position), 0) AS position FROM past_marks WHERE at <= %(at)s),
     next AS (SELECT min(position) AS position FROM past_marks WHERE position > (SELECT position FROM mark))
SELECT (SELECT at FROM case_past ORDER BY position LIMIT 1) AS first,
       (SELECT count(*) FROM es.feed
        WHERE position > (SELECT position FROM watermarks WHERE projection = 'cases')
          AND recorded_at <= %(at)s) AS behind,
       greatest((SELECT position FROM mark),
                (SELECT max(position) FROM case_past
                 WHERE position > (SELECT position FROM mark)
                   AND position <= coalesce((SELECT position FROM next), 9223372036854775807) AND at <= %(at)s)) AS upto
"""
_SHOWN = "SELECT path, name, kind FROM areas WHERE {which} ORDER BY tier, path"
_NOTES = """
SELECT coalesce((SELECT max(position) FROM past_marks WHERE depth >= %(depth)s AND position <= %(upto)s), 0) AS before,
       (SELECT min(position) FROM past_marks WHERE depth >= %(depth)s AND position > %(upto)s) AS after
"""
_SUMS = """
SELECT shown.path, noted.sums::text AS sums FROM unnest(%(shown)s) AS shown (path),
LATERAL (SELECT sums FROM area_sums WHERE area = shown.path AND position <= %(note)s
         ORDER BY position DESC LIMIT 1) noted
"""
# Of a district nearly every case lies in it; further down it pays to go through the places one by one.
_TOUCHED_FAR = """
SELECT DISTINCT case_id FROM case_past
WHERE position > %(from)s AND position <= %(to)s AND area >= %(root)s AND area < %(beyond)s
"""
_TOUCHED_NEAR = """
SELECT DISTINCT case_id FROM (
    WITH RECURSIVE place AS (
        SELECT min(area) AS area FROM case_past WHERE area >= %(root)s AND area < %(beyond)s
        UNION ALL
        SELECT (SELECT min(area) FROM case_past p WHERE p.area > place.area AND p.area < %(beyond)s)
        FROM place WHERE place.area IS NOT NULL
    ) SELECT area FROM place WHERE area IS NOT NULL
) place, LATERAL (SELECT case_id FROM case_past p
                  WHERE p.area = place.area AND p.position > %(from)s AND p.position <= %(to)s) changed
"""
_THEN = """
LEFT JOIN LATERAL (SELECT {columns} FROM case_past p
                   WHERE p.case_id = touched.case_id AND NOT gone AND p.position <= %({upto})s
                   ORDER BY p.position DESC LIMIT 1) {name} ON true
"""
_STOOD = (
    "SELECT coalesce(json_agg(json_build_array(noted.stood, asked.stood)), '[]')::text AS pairs"
    " FROM ({touched}) touched"
    + _THEN.format(columns="json_build_array({standing}) AS stood", upto="note", name="noted")
    + _THEN.format(columns="json_build_array({standing}) AS stood", upto="upto", name="asked")
).replace("{standing}", ", ".join(f"p.{name}" for name in STANDING))
_DUE_TODAY = (
    "SELECT asked.area, count(*) AS n FROM"
    " (SELECT DISTINCT case_id, due_at FROM case_past WHERE due_anew AND due_at >= %(midnight)s AND due_at < %(at)s"
    "  AND position <= %(upto)s AND area >= %(root)s AND area < %(beyond)s) touched"
    + _THEN.format(columns="p.area, p.awaited, p.due_at", upto="upto", name="asked")
    + "WHERE asked.awaited AND asked.due_at = touched.due_at GROUP BY asked.area"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that is past, and how far in the log it lies."""

    at: datetime
    position: int
    """The last change of a case that was recorded by then."""
    behind: int
    """Events recorded by then that are not in the figures yet."""


def moment(rows: Rows, at: datetime, now: datetime) -> Moment:
    """Where the instant lies. Raises Invalid for one that is still to come, or before anything was recorded."""
    if at > now:
        raise Invalid(
            str(Wording("这个时间还没有到", "this moment is still to come")),
            where="at",
            hint=str(Wording("请选择过去的时间", "choose one that is past")),
        )
    found = rows.query(_MOMENT, {"at": at})[0]
    if found["first"] is None or at < found["first"]:
        since = "" if found["first"] is None else f" {found['first'].astimezone(at.tzinfo):%Y-%m-%d %H:%M:%S%z}"
        raise Invalid(
            str(
                Wording(
                    f"那时系统还没有任何记录，最早的记录在{since}", f"nothing was recorded by then, first at{since}"
                )
            ),
            where="at",
        )
    return Moment(at, found["upto"], found["behind"])


def since(rows: Rows) -> datetime | None:
    """The first moment that there is; None for an empty log."""
    found = rows.query("SELECT at FROM case_past ORDER BY position LIMIT 1")
    return found[0]["at"] if found else None


def view(rows: Rows, area: Area, then: Moment, days: int = DAYS) -> dict[str, Any]:
    """`views.view` as of the moment. Raises NotFound for an area that does not exist."""
    found = _ask(rows, "path = %(root)s OR parent = %(root)s", area.path, _child(area.tier), then, days)
    if not found or found[0]["path"] != area.path:
        raise NotFound(str(Wording(f"没有区域 {area}", f"there is no area {area}")), where="area")
    own, *children = found
    return {"area": own, "children": children, **_about(then)}


def all_districts(rows: Rows, within: Area | None, then: Moment, days: int = DAYS) -> dict[str, Any]:
    """`views.all_districts` as of the moment."""
    which = "parent IS NULL" if within is None else "path = %(root)s"
    root = "" if within is None else within.district.path
    return {"areas": _ask(rows, which, root, Tier.DISTRICT, then, days), **_about(then)}


def _child(tier: Tier) -> Tier:
    return Tier(min(tier + 1, Tier.BUILDING))


def _about(then: Moment) -> dict[str, Any]:
    return {
        "at": then.at,
        "as_of": then.at,
        "position": then.position,
        "behind": then.behind,
        "definitions": DEFINITIONS | AS_OF,
    }


AS_OF = {
    "as_of": "截至该时刻系统已记录的内容；导入的历史案件自导入之时起计入；区域及名称按现在的"
    " / what the system had recorded by then; imported cases count from their import on; areas and names are today's",
    "overdue_by_stage": "历史时点不提供 / not known of a moment that is past",
}
"""What a reader of past figures has to know besides."""


def _ask(rows: Rows, which: str, root: str, deepest: Tier, then: Moment, days: int) -> list[dict[str, Any]]:
    """The figures of the areas that `which` names, none of which lies deeper than that tier."""
    shown = rows.query(_SHOWN.format(which=which), {"root": root})
    asked = {"root": root, "beyond": f"{root}/" if root else "~", "upto": then.position, "at": then.at}
    totals = _totals(rows, [row["path"] for row in shown], deepest, asked)
    today = day_of(then.at)
    due = rows.query(_DUE_TODAY, {**asked, "midnight": start_of(today)})
    by_day = [day_of(then.at - timedelta(days=back)) for back in reversed(range(days))]
    answer = []
    for row in shown:
        counters = totals[row["path"]]
        if row["path"] != root:
            counters.pop("step", None)  # as in the present: of the area itself only
        late = sum(n for key, n in counters["due"].items() if key < today)
        late += sum(one["n"] for one in due if _lies_in(one["area"], row["path"]))
        answer.append(_shown(row, counters, late, by_day))
    return answer


def _lies_in(path: str, area: str) -> bool:
    return path.startswith(area)  # codes of one tier have one length


def _shown(
    row: Mapping[str, Any], counters: Mapping[str, Mapping[str, int]], late: int, days: list[str]
) -> dict[str, Any]:
    area = Area(row["path"])
    handling = counters["handling"]
    found = Found(
        counters=counters,
        awaited=sum(counters["due"].values()),
        overdue=late,
        late={},
        handled=sum(handling.values()),
        median=ranked(handling, 0.5),
        p90=ranked(handling, 0.9),
        days=days,
    )
    return {
        "path": area.path,
        "code": area.code,
        "name": row["name"],
        "kind": row["kind"],
        "tier": area.tier.label,
        **figures(found),
        "overdue_by_stage": None,
    }


def _totals(rows: Rows, shown: list[str], deepest: Tier, asked: dict[str, Any]) -> dict[str, Counters]:
    """Every counter of the areas as of the moment."""
    notes = rows.query(_NOTES, {"depth": int(noted_with(deepest)), "upto": asked["upto"]})[0]
    before, after, upto = notes["before"], notes["after"], asked["upto"]
    note = after if after is not None and after - upto < upto - before else before
    totals: dict[str, Counters] = {path: defaultdict(dict) for path in shown}
    for row in rows.query(_SUMS, {"shown": shown, "note": note}):
        totals[row["path"]].update(orjson.loads(row["sums"]))
    touched = _TOUCHED_FAR if deepest <= Tier.STREET else _TOUCHED_NEAR
    span = {**asked, "note": note, "from": min(note, upto), "to": max(note, upto)}
    pairs = orjson.loads(rows.query(_STOOD.replace("{touched}", touched), span)[0]["pairs"])
    for (area, measure, key), n in _difference(pairs, WIDTHS[deepest]).items():
        if area in totals:
            counters = totals[area][measure]
            counters[key] = counters.get(key, 0) + n
    return {path: _some(counters) for path, counters in totals.items()}


def _some(counters: Counters) -> Counters:
    """What has come down to nothing is not there, as in the tables."""
    found: Counters = defaultdict(dict)
    for measure, keys in counters.items():
        if some := {key: n for key, n in keys.items() if n}:
            found[measure] = some
    return found


def _difference(pairs: Iterable[tuple[list[Any] | None, list[Any] | None]], longest: int) -> Counts:
    """From how the cases stood at the note to how they stood at the moment, of the areas that are shown."""
    found = Difference()
    for noted, then in pairs:
        found.change(*_counted(noted), *_counted(then))
    return found.counts(longest)


def _counted(stood: list[Any] | None) -> tuple[str, frozenset[Contribution]]:
    if stood is None:
        return "", frozenset()
    row = revived(stood)
    return row.area, contributions(row)


def revived(stood: list[Any]) -> CaseRow:
    """A row as far as it is kept, from the values of STANDING as JSON has them."""
    values: dict[str, Any] = dict.fromkeys(COLUMNS) | dict(zip(STANDING, stood, strict=True))
    for name in ("reported_at", "due_at", "handled_at", "closed_at"):
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name])
    return CaseRow(**values)
